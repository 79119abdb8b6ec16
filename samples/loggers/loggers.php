<?php
// Log the events of a file with PHP: php loggers.php EVENTS FOLDER
[, $source, $folder] = $argv;
$events = array_map(fn ($line) => json_decode($line, true), file($source));
ini_set('log_errors', '1');
ini_set('error_log', "$folder/php-error-log.log");
foreach ($events as $event) {
    error_log('dc: ' . json_encode($event));
}
$kinds = [
    'php-print-r' => fn ($event) => print_r($event, true),
    'php-var-export' => fn ($event) => var_export($event, true) . "\n",
    'php-serialize' => fn ($event) => serialize($event) . "\n",
];
foreach ($kinds as $name => $write) {
    file_put_contents("$folder/$name.log", implode('', array_map($write, $events)));
}
ob_start();
array_map('var_dump', $events);
file_put_contents("$folder/php-var-dump.log", ob_get_clean());
