# Headlight. `make run` opens the window, `make test` runs the tests; `make help` lists the rest.
# Every target first installs what is missing (tests/ has the script), and is silent when nothing is.

PREFIX  ?= /usr/local
BUILD   ?= build
CC      ?= cc
OPT     ?= -O3
CFLAGS  ?= -g

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
PACKAGES := sdl2 SDL2_ttf openblas fontconfig libutf8proc libcjson
HARDENING := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE

VERSION := 0.1.0

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(OPT) $(CFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZE) -fno-math-errno -fno-trapping-math \
             -Isrc -pthread -DHEADLIGHT_VERSION='"$(VERSION)"' -DHEADLIGHT_PREFIX='"$(PREFIX)"' \
             $(shell pkg-config --cflags $(PACKAGES))
LIBS       = $(shell pkg-config --libs $(PACKAGES)) -lm
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(SANITIZE) $(LDFLAGS)

SOURCES := $(wildcard src/*.c src/*/*.c)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
# Everything but main and the window links into the tests and runs without a display.
LIBRARY := $(filter-out $(BUILD)/src/main.o $(BUILD)/src/app/window.o,$(OBJECTS))

.PHONY: all
all: $(BUILD)/headlight

$(BUILD)/headlight: $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

.PHONY: clean
clean:
	rm -rf build build-*

-include $(OBJECTS:.o=.d)
