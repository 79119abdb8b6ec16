import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.FileHandler;
import java.util.logging.Formatter;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.logging.XMLFormatter;

/** Logs the events of a file with java.util.logging: java Loggers.java EVENTS FOLDER. */
public class Loggers {
    static Logger open(String path, Formatter formatter) throws Exception {
        Logger logger = Logger.getLogger(path);
        logger.setUseParentHandlers(false);
        FileHandler handler = new FileHandler(path);
        handler.setFormatter(formatter);
        logger.addHandler(handler);
        return logger;
    }

    public static void main(String[] arguments) throws Exception {
        String layout = "%1$tFT%1$tT.%1$tL%1$tz %4$s %3$s - %5$s%n";
        System.setProperty("java.util.logging.SimpleFormatter.format", layout);
        Logger plain = open(arguments[1] + "/java-logging.log", new SimpleFormatter());
        Logger xml = open(arguments[1] + "/java-xml.log", new XMLFormatter());
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            plain.info(line);
            xml.info(line);
        }
    }
}
