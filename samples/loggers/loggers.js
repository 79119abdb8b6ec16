// Log the events of a file with Node's loggers: node loggers.js EVENTS FOLDER
const fs = require("fs");
const path = require("path");
const { Console } = require("console");

const [, , source, folder] = process.argv;
const events = fs.readFileSync(source, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const file = (name) => path.join(folder, `${name}.log`);
const log = (write) => events.forEach((event) => write(event));

const pino = require("pino");
const pinoTo = (name) => pino(pino.destination({ dest: file(name), sync: true }));
const merged = pinoTo("pino");
log((event) => merged.info(event, "dc"));
const asText = pinoTo("pino-message");
log((event) => asText.info(JSON.stringify(event)));

const bunyan = require("bunyan").createLogger({ name: "web", streams: [{ path: file("bunyan") }] });
log((event) => bunyan.info({ dc: event }, "dc"));

const winston = require("winston");
const { combine, json, label, logstash, printf, simple, timestamp } = winston.format;
const winstonTo = (name, format) =>
  winston.createLogger({ format, transports: [new winston.transports.File({ filename: file(name) })] });
const withMeta = winstonTo("winston", combine(timestamp(), json()));
log((event) => withMeta.info("dc", { dc: event }));
const message = winstonTo("winston-message", combine(timestamp(), json()));
log((event) => message.info(JSON.stringify(event)));
const plain = winstonTo("winston-simple", simple());
log((event) => plain.info("dc", event));
const layout = printf((info) => `${info.timestamp} [${info.label}] ${info.level}: ${info.message}`);
const printed = winstonTo("winston-printf", combine(timestamp(), label({ label: "dc" }), layout));
log((event) => printed.info(JSON.stringify(event)));
const stash = winstonTo("winston-logstash", combine(timestamp(), logstash()));
log((event) => stash.info("dc", event));

const log4js = require("log4js");
log4js.configure({
  appenders: { file: { type: "fileSync", filename: file("log4js") } },
  categories: { default: { appenders: ["file"], level: "info" } },
});
const category = log4js.getLogger("dc");
log((event) => category.info(JSON.stringify(event)));

const { Logger } = require("tslog");
const tslog = new Logger({ type: "hidden", name: "dc" });
tslog.attachTransport((entry) => fs.appendFileSync(file("tslog"), `${JSON.stringify(entry)}\n`));
log((event) => tslog.info(event));

const signale = new (require("signale").Signale)({ stream: fs.createWriteStream(file("signale")) });
log((event) => signale.info(JSON.stringify(event)));

const formatted = new Console({ stdout: fs.createWriteStream(file("console-json")) });
log((event) => formatted.log("dc %j", event));
const shown = new Console({ stdout: fs.createWriteStream(file("console-object")) });
log((event) => shown.log(event));
