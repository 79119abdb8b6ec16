<?php
// Log the events of a file with Monolog: php monolog.php EVENTS FOLDER
require '/usr/share/php/Monolog/autoload.php';
use Monolog\Formatter\JsonFormatter;
use Monolog\Handler\StreamHandler;
use Monolog\Logger;
[, $source, $folder] = $argv;
$write = function (string $name, ?JsonFormatter $formatter) use ($folder): Logger {
    $handler = new StreamHandler("$folder/$name.log");
    if ($formatter) {
        $handler->setFormatter($formatter);
    }
    return new Logger('dc', [$handler]);
};
$line = $write('monolog', null);
$context = $write('monolog-context', null);
$json = $write('monolog-json', new JsonFormatter());
foreach (file($source) as $text) {
    $event = json_decode($text, true);
    $line->info(trim($text));
    $context->info($event['event'], $event);
    $json->info($event['event'], $event);
}
