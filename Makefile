# Headlight. `make run` opens the window, `make test` runs every test, `make help` lists the rest.
#
# A target first installs, by package name, what it needs and this machine lacks; that is silent and
# quick when nothing is missing (tests/install_packages.sh). To begin with, git, make and root or
# sudo are enough.

VERSION := 0.1.0
PREFIX  ?= /usr/local
BUILD   ?= build
JOBS    ?= $(shell nproc 2>/dev/null || echo 1)

OPT       ?= -O3
CFLAGS    ?= -g
HARDENING ?= -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=3
WARNINGS  := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
LIBRARIES := sdl2 SDL2_ttf openblas fontconfig libutf8proc libcjson cairo pangocairo libcurl libcrypto zlib

# V=1 shows the whole commands.
ifneq ($(V),1)
say = @echo "  $(1)";
endif

# Only the calls of `make` itself get the processors; those that it makes inherit them.
ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif

# Asked for late and once: on a bare machine pkg-config is among what has to be installed first.
LIBRARY_CFLAGS = $(eval LIBRARY_CFLAGS := $$(shell pkg-config --cflags $(LIBRARIES) stb))$(LIBRARY_CFLAGS)
LIBRARY_LIBS   = $(eval LIBRARY_LIBS := $$(shell pkg-config --libs $(LIBRARIES)))$(LIBRARY_LIBS)

DEFINES    = -D_GNU_SOURCE -DHEADLIGHT_VERSION='"$(VERSION)"' -DHEADLIGHT_PREFIX='"$(PREFIX)"'
LANGUAGE   = -std=c11 -Isrc $(DEFINES) $(LIBRARY_CFLAGS)
ALL_CFLAGS = $(LANGUAGE) $(WARNINGS) $(HARDENING) $(OPT) -fno-math-errno -fno-trapping-math \
             -fPIE -pthread $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -pthread $(SANITIZE) $(LDFLAGS)
LIBS       = $(LIBRARY_LIBS) -lm

SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
HEADERS := $(sort $(wildcard src/*/*.h))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
# Everything but main and the window links into the tests and runs without a display.
LIBRARY := $(filter-out $(BUILD)/src/main.o $(BUILD)/src/app/window.o,$(OBJECTS))

# A test program is one file test_*.c; the others beside it are for those that use them.
TESTS        := $(sort $(wildcard tests/unit/test_*.c tests/reference/test_*.c))
TEST_SUPPORT := $(filter-out $(TESTS),$(wildcard tests/*.c tests/unit/*.c tests/reference/*.c))
BENCHES      := $(sort $(wildcard tests/bench/bench_*.c))
TOOLS        := $(sort $(wildcard tests/ui/*.c))
TEST_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(TESTS) $(TEST_SUPPORT) $(BENCHES) $(TOOLS) $(wildcard tests/*/*.c))
programs      = $(patsubst %.c,$(BUILD)/%,$(1))

.PHONY: all
all: $(BUILD)/headlight

.PHONY: help
help:
	@echo 'make             builds $(BUILD)/headlight'
	@echo 'make run         opens the window; make run ARGS="..." passes arguments'
	@echo 'make test        every test: unit, reference, house rules, command line, window'
	@echo 'make sanitize    the same tests under the address and undefined-behaviour sanitizers only'
	@echo 'make soak EVENTS=1000000 SEED=1 random events at the window, and what they do to its memory'
	@echo 'make gallery     draws the example figures of the README'
	@echo 'make screenshots takes the pictures of the window in the README'
	@echo 'make fuzz TIME=60 libFuzzer on every kind of file, so many seconds each'
	@echo 'make fuzz-keep   keeps the inputs that reached something new; make fuzz-report: what they reach'
	@echo 'make faults      lets every call for memory or disk fail, one after the other'
	@echo 'make threads STEPS=20000 everything at once, under ThreadSanitizer'
	@echo 'make leaks       valgrind on views, figures and the window'
	@echo 'make portability the tests with clang, in other languages, on an old processor'
	@echo 'make bench       speed of the passes and of the pictures'
	@echo 'make lint        clang-format, clang-tidy, cppcheck and gcc, warnings are errors'
	@echo 'make format      rewrites the code the way clang-format wants it'
	@echo 'make golden      rewrites the golden texts of the views, to be looked at with git diff'
	@echo 'make approve     takes the pictures that the views draw now for the approved ones'
	@echo 'make install     into PREFIX=$(PREFIX), under DESTDIR= when packaging'
	@echo 'make uninstall   takes that away again'
	@echo 'make clean       removes what was built'

# ---- What has to be there first ----------------------------------------------------------------

PACKAGE_SETS := build \
    $(if $(filter test sanitize golden approve screenshots test-programs faults soak,$(MAKECMDGOALS)),test) \
    $(if $(filter threads leaks portability,$(MAKECMDGOALS)),test soak) \
    $(if $(filter lint format fuzz fuzz-%,$(MAKECMDGOALS)),test lint)

.PHONY: packages
packages:
	@sh tests/install_packages.sh $(PACKAGE_SETS)

# ---- Building ----------------------------------------------------------------------------------

$(BUILD)/headlight: $(OBJECTS)
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/headlight.a: $(LIBRARY)
	@rm -f $@
	$(call say,archive $@) ar rcs $@ $(LIBRARY)

$(BUILD)/%.o: %.c $(BUILD)/flags | packages
	@mkdir -p $(@D)
	$(call say,compile $<) $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Everything is built again when the way of building changes, and only then.
FLAGS = $(CC) $(DEFINES) $(LIBRARIES) $(WARNINGS) $(HARDENING) $(OPT) $(CFLAGS) $(SANITIZE)
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@echo "$(subst ",,$(FLAGS))" | cmp -s - $@ || echo "$(subst ",,$(FLAGS))" > $@
.PHONY: always
always:

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)

# ---- Running -----------------------------------------------------------------------------------

.PHONY: run
run: $(BUILD)/headlight
	@$(BUILD)/headlight $(ARGS)

# ---- Testing -----------------------------------------------------------------------------------

# -O2: twice as fast as -O1, so that twice as much is looked at; -O3 takes longer to build than it saves.
CHECKED = BUILD=$(BUILD)-sanitize OPT=-O2 HARDENING= \
          SANITIZE='-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer'

# An archive, so that a test gets of it what it uses.
$(BUILD)/tests/support.a: $(TEST_SUPPORT:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(call say,archive $@) ar rcs $@ $^

$(call programs,$(TESTS)): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/support.a $(BUILD)/headlight.a
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

$(call programs,$(BENCHES)): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/headlight.a
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The tools read what the program wrote; they are not what is tested.
$(call programs,$(TOOLS)): SANITIZE =
$(call programs,$(TOOLS)): $(BUILD)/%: $(BUILD)/%.o
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

# The program in a world that fails (tests/faults/faulty.c).
WRAPPED := malloc calloc realloc aligned_alloc open write fsync linkat rename mkdir mem_available
$(BUILD)/headlight-faulty: $(OBJECTS) $(BUILD)/tests/faults/faulty.o
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LIBS)

# The program with a monkey at its window (tests/soak/monkey.c).
MONKEY := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/soak/*.c))
HANDED := SDL_WaitEventTimeout SDL_PollEvent SDL_CreateWindow SDL_GetClipboardText \
          SDL_GetPrimarySelectionText SDL_GetModState SDL_GetTicks64 app_frame app_figure_put window_run
$(BUILD)/headlight-monkey: $(OBJECTS) $(MONKEY)
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) $(HANDED:%=-Wl,--wrap=%) -o $@ $^ $(LIBS)

.PHONY: test-programs
test-programs: $(BUILD)/headlight $(call programs,$(TESTS) $(TOOLS)) $(BUILD)/tests/fuzz/replay \
    $(BUILD)/headlight-faulty $(BUILD)/headlight-monkey

.PHONY: test
test: test-programs
	@$(MAKE) --no-print-directory $(CHECKED) test-programs
	@sh tests/run.sh $(BUILD) $(BUILD)-sanitize

.PHONY: sanitize
sanitize: packages
	@$(MAKE) --no-print-directory $(CHECKED) test-programs
	@sh tests/run.sh $(BUILD)-sanitize

# ---- Longer runs ---------------------------------------------------------------------------------
#
# Not in `make test`, which takes a sample of each. What they found is in tests/HARDENING.md.

# Every place where memory is asked for, and every call that writes, instead of a few of them.
.PHONY: faults
faults: test-programs
	@FAULT_PLACES=1 HEADLIGHT=$(BUILD)/headlight sh tests/cli/faults.sh
	@FAULT_CALLS="$$(seq 500 1900 60000)" FAULT_KILLS="$$(seq 1 12)" HEADLIGHT=$(BUILD)/headlight sh tests/ui/faults.sh

# Typing, switching models and saving at once, under ThreadSanitizer.
STEPS ?= 20000
THREADED = BUILD=build-thread OPT=-O1 HARDENING= SANITIZE=-fsanitize=thread
THREAD_TESTS = test_threads test_saver test_press test_app test_team test_raster test_lesson
.PHONY: threads
threads: packages
	@$(MAKE) --no-print-directory $(THREADED) $(THREAD_TESTS:%=build-thread/tests/unit/%)
	@for test in $(THREAD_TESTS); do \
	    STEPS=$(STEPS) TSAN_OPTIONS='exitcode=66:history_size=4:suppressions=tests/tsan.supp' build-thread/tests/unit/$$test || exit 1; \
	done

# valgrind on every view, every kind of figure, and the window.
.PHONY: leaks
leaks: test-programs
	@HEADLIGHT=$(BUILD)/headlight sh tests/soak/leaks.sh

# Other compilers, languages, processors and folders.
.PHONY: portability
portability: packages
	@sh tests/soak/portability.sh

# Random events at the window, for as long as one likes; `make test` has a few thousand of them.
EVENTS ?= 1000000
SEED   ?= 1
.PHONY: soak
soak: packages
	@$(MAKE) --no-print-directory $(CHECKED) $(BUILD)-sanitize/headlight-monkey
	@HEADLIGHT=$(BUILD)/headlight MONKEY_EVENTS=$(EVENTS) MONKEY_SEEDS="$(SEED)" sh tests/ui/monkey.sh

.PHONY: golden
golden: test-programs
	@sh tests/run.sh --golden $(BUILD)

# Look at the differences first: the pictures of the last run that differed are named by the test.
.PHONY: approve
approve: test-programs
	@HEADLIGHT=$(BUILD)/headlight sh tests/cli/pictures.sh --approve

# ---- Fuzzing -------------------------------------------------------------------------------------

# libFuzzer on every kind of bytes that a stranger can hand us, TIME seconds each. What it finds stays in
# build-fuzz/inputs/KIND; `make fuzz-keep` puts the smallest set that reaches as much into the repository,
# where `make test` runs it under the sanitizers. To go on longer with some: make fuzz TIME=3600 KINDS=trace
TIME  ?= 60
KINDS ?= $(shell sed -n 's/^    {"\([^"]*\)", .*/\1/p' tests/fuzz/fuzz_main.c)
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/fuzz_*.c))
FUZZED = BUILD=build-fuzz CC=clang OPT=-O1 HARDENING= \
         SANITIZE='-fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=all'

$(BUILD)/tests/fuzz/%.o: LANGUAGE += -DFUZZ_ROOT='"$(CURDIR)"'

$(BUILD)/fuzzer: $(FUZZ_OBJECTS) $(BUILD)/headlight.a
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/replay: $(BUILD)/tests/fuzz/replay.o $(FUZZ_OBJECTS) $(BUILD)/headlight.a
	$(call say,link    $@) $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: fuzz fuzz-keep fuzz-report
fuzz fuzz-keep: packages
	@$(MAKE) --no-print-directory $(FUZZED) build-fuzz/fuzzer
	@sh tests/fuzz/run.sh $@ $(TIME) $(KINDS)

# What the kept inputs reach, per target, of the files that the target is about.
fuzz-report: packages
	@$(MAKE) --no-print-directory BUILD=build-coverage CC=clang OPT=-O1 HARDENING= \
	    SANITIZE='-fprofile-instr-generate -fcoverage-mapping' build-coverage/tests/fuzz/replay
	@sh tests/fuzz/run.sh $@ 0 $(KINDS)

# The example figures of the README, from the shipped model.
.PHONY: gallery
gallery: $(BUILD)/headlight
	@sh assets/gallery/gallery.sh $(BUILD)/headlight

.PHONY: screenshots
screenshots: $(BUILD)/headlight $(BUILD)/tests/ui/picture
	@HEADLIGHT=$(BUILD)/headlight sh assets/screenshots/screenshots.sh

.PHONY: bench
bench: $(BUILD)/headlight $(call programs,$(BENCHES))
	@sh tests/bench/run.sh $(BUILD)

# ---- Reading over ------------------------------------------------------------------------------

FORMATTED = $(SOURCES) $(HEADERS) $(wildcard tests/*.[ch] tests/*/*.[ch])

.PHONY: lint
lint: lint-format lint-cppcheck $(SOURCES:%.c=$(BUILD)/lint/%.tidy)
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/lint CFLAGS='-g -Werror' all
	@echo 'lint: nothing to complain about'

.PHONY: lint-format
lint-format: | packages
	@clang-format --dry-run -Werror $(FORMATTED)

.PHONY: lint-cppcheck
lint-cppcheck: | packages
	@mkdir -p $(BUILD)/lint/cppcheck
	@cppcheck --quiet --std=c11 --language=c -j$(JOBS) --cppcheck-build-dir=$(BUILD)/lint/cppcheck \
	    --enable=warning,performance,portability --inline-suppr --suppress=missingIncludeSystem \
	    --error-exitcode=1 -Isrc $(DEFINES) src

$(BUILD)/lint/%.tidy: %.c $(HEADERS) .clang-tidy | packages
	@mkdir -p $(@D)
	$(call say,tidy    $<) clang-tidy --quiet $< -- $(LANGUAGE) 2>/dev/null
	@touch $@

.PHONY: format
format: | packages
	@clang-format -i $(FORMATTED)

# ---- Installing --------------------------------------------------------------------------------

BIN   = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share

.PHONY: install
install: $(BUILD)/headlight
	install -D -m 755 $(BUILD)/headlight "$(BIN)/headlight"
	install -D -m 644 assets/headlight.1 "$(SHARE)/man/man1/headlight.1"
	install -D -m 644 assets/headlight.desktop "$(SHARE)/applications/headlight.desktop"
	install -D -m 644 assets/headlight.svg "$(SHARE)/icons/hicolor/scalable/apps/headlight.svg"
	install -D -m 644 LICENSE "$(SHARE)/doc/headlight/LICENSE"
	install -D -m 644 assets/sentences.txt "$(SHARE)/headlight/assets/sentences.txt"
	install -D -m 644 assets/thinking-machines.json "$(SHARE)/headlight/assets/thinking-machines.json"
	for lesson in assets/lessons/*.lesson; do install -D -m 644 "$$lesson" "$(SHARE)/headlight/$$lesson" || exit 1; done
	@# Of a model its files, not the folder that tells how it was trained.
	@for model in models/*/; do \
	    [ -f "$$model/model.safetensors" ] || continue; \
	    echo "install $$model into $(SHARE)/headlight/$$model"; \
	    install -d -m 755 "$(SHARE)/headlight/$$model" || exit 1; \
	    for file in "$$model"*; do \
	        [ ! -f "$$file" ] || install -m 644 "$$file" "$(SHARE)/headlight/$$file" || exit 1; \
	    done; \
	done

.PHONY: uninstall
uninstall:
	rm -f "$(BIN)/headlight" "$(SHARE)/man/man1/headlight.1" \
	    "$(SHARE)/applications/headlight.desktop" \
	    "$(SHARE)/icons/hicolor/scalable/apps/headlight.svg"
	rm -rf "$(SHARE)/headlight" "$(SHARE)/doc/headlight"

.PHONY: clean
clean:
	rm -rf $(BUILD) $(BUILD)-sanitize build-fuzz build-coverage build-thread build-portability
