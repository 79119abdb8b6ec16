# Log the events of a file with Ruby: ruby loggers.rb EVENTS FOLDER
require "json"
require "logger"
require "pp"

source, folder = ARGV
events = File.foreach(source).map { |line| JSON.parse(line) }
as_json = Logger.new("#{folder}/ruby-logger.log")
as_hash = Logger.new("#{folder}/ruby-hash.log")
File.open("#{folder}/ruby-pp.log", "w") do |pretty|
  events.each do |event|
    as_json.info(event.to_json)
    as_hash.info("  Parameters: #{event}")
    PP.pp(event, pretty)
  end
end
