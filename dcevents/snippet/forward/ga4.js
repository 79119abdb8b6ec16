
  // Google Analytics 4: values of parameters up to 100 characters; sid as a name is reserved.
  const ga4 = (name, values) => gtag("event", name, fitted(values, "{{ga4_limit}}"));
