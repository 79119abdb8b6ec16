import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.FileAppender;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/** Logs the events of a file with Log4j and Logback: java Frameworks.java EVENTS FOLDER. */
public class Frameworks {
    /** Spring Boot's pattern, without its colours. */
    static final String SPRING =
            "%d{yyyy-MM-dd HH:mm:ss.SSS} %5p 700 --- [%15.15t] %-40.40logger{39} : %m%n";

    static void logByLog4j(List<String> lines, String folder) {
        ConfigurationBuilder<BuiltConfiguration> builder =
                ConfigurationBuilderFactory.newConfigurationBuilder();
        var root = builder.newRootLogger(Level.INFO);
        var layouts = List.of(
                builder.newLayout("PatternLayout")
                        .addAttribute("pattern", "%d [%t] %-5level %logger{36} - %msg%n"),
                builder.newLayout("JsonLayout")
                        .addAttribute("compact", true).addAttribute("eventEol", true));
        var names = List.of("log4j2", "log4j2-json");
        for (int n = 0; n < names.size(); n++) {
            builder.add(builder.newAppender(names.get(n), "File")
                    .addAttribute("fileName", folder + "/" + names.get(n) + ".log")
                    .add(layouts.get(n)));
            root.add(builder.newAppenderRef(names.get(n)));
        }
        Configurator.initialize(builder.add(root).build());
        var logger = org.apache.logging.log4j.LogManager.getLogger("com.example.web.DcController");
        lines.forEach(logger::info);
    }

    static void logByLogback(List<String> lines, String folder) {
        LoggerContext context = new LoggerContext();
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(SPRING);
        encoder.start();
        FileAppender<ILoggingEvent> appender = new FileAppender<>();
        appender.setContext(context);
        appender.setFile(folder + "/logback.log");
        appender.setEncoder(encoder);
        appender.start();
        var logger = context.getLogger("com.example.web.DcController");
        logger.addAppender(appender);
        lines.forEach(logger::info);
    }

    public static void main(String[] arguments) throws Exception {
        List<String> lines = Files.readAllLines(Path.of(arguments[0]));
        logByLog4j(lines, arguments[1]);
        logByLogback(lines, arguments[1]);
    }
}
