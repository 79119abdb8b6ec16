
  // The events under the names that analytics platforms allow.
  function forward(key, payload) {
    const values = "{{values}}";
    for (const platform of "{{platforms}}") if (names[key]) guarded(platform)(names[key], values);
  }

  const names = "{{names}}";

  // Values under prefixed names, each cut to what a platform keeps, counted as in a URL.
  function fitted(values, limit) {
    const fit = {};
    for (const key in values) {
      const text = values[key] == null ? "" : String(values[key]);
      const letters = [...text.slice(0, limit).replace(/[\ud800-\udfff]/gu, "")];
      while (encodeURIComponent(letters.join("")).length > limit) letters.pop();
      if (letters.length) fit["{{prefix}}" + key] = letters.join("");
    }
    return fit;
  }
