// Log the events of a file with Go: go run loggers.go EVENTS FOLDER
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func create(name string) *os.File {
	file, err := os.Create(filepath.Join(os.Args[2], name+".log"))
	if err != nil {
		panic(err)
	}
	return file
}

func main() {
	source, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	plain := log.New(create("go-log"), "dc: ", log.LstdFlags|log.Lmicroseconds)
	asJSON := slog.New(slog.NewJSONHandler(create("go-slog"), nil))
	asText := slog.New(slog.NewTextHandler(create("go-slog-text"), nil))
	asMap := log.New(create("go-map"), "", log.LstdFlags)
	asLogrus := logrus.New()
	asLogrus.SetOutput(create("logrus"))
	asLogrus.SetFormatter(&logrus.JSONFormatter{})
	asLogrusText := logrus.New()
	asLogrusText.SetOutput(create("logrus-text"))
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	asZap := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(create("zap")), zap.InfoLevel))
	asZerolog := zerolog.New(create("zerolog")).With().Timestamp().Logger()
	lines := bufio.NewScanner(source)
	for lines.Scan() {
		var event map[string]any
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			panic(err)
		}
		plain.Print(lines.Text())
		asJSON.Info("dc", "body", event)
		asText.Info("dc", "body", lines.Text())
		asMap.Print(fmt.Sprint(event))
		asLogrus.WithField("dc", event).Info("dc")
		asLogrusText.Info(lines.Text())
		asZap.Info("dc", zap.Any("dc", event))
		asZerolog.Info().RawJSON("dc", lines.Bytes()).Msg("dc")
	}
}
