#!/bin/sh
# The window in a world that fails: a model cut off while it is open, no memory, a full disk, a display that
# goes away, fonts that vanish, homes that are none, two windows with one state folder.
. tests/lib.sh
. tests/lib_ui.sh

faulty=$build/headlight-faulty
state=$XDG_STATE_HOME/headlight
tiny=$work/tiny
cp -r tests/data/bert-tiny "$tiny"
start_display 1280x800

is_running() { kill -0 "$program" 2>/dev/null; }
# Ends without a signal: killed by one, a shell says 128 and its number.
ends_itself() {
    wait_for 60 has_ended || return 1
    wait "$program"
    status=$?
    [ $status -lt 128 ]
}
message() { # Is there something in the line of messages?
    picture differ "$work/quiet" "$screen" >"$work/out" && test "$(cat "$work/out")" -gt 200
}

# ---- The model's file is cut off while it is mapped --------------------------------------------------------
open_window --fresh -m "$tiny" "the cat sat"
point 640 790
wait_still
keep_screen quiet
: >"$tiny/model.safetensors"
press End
type_text " on it"
check 'a model that is cut off: the window is still there' is_running
check 'and says something' wait_for 60 message
press ctrl+2
wait_still
check 'and still draws: the heatmap of what it had' screen_differs quiet
cp tests/data/bert-tiny/model.safetensors "$tiny/model.safetensors"
check 'and closes with status 0' close_window

# A trace is drawn from its file, frame by frame.
"$headlight" dump -m tests/data/bert-tiny -o "$work/trace.safetensors" "the cat sat on the mat"
open_window --fresh --trace "$work/trace.safetensors"
wait_still
: >"$work/trace.safetensors"
press ctrl+2
press ctrl+3
wait_still
check 'a trace that is cut off: the window is still there' is_running
check 'and closes with status 0' close_window

# ---- No memory from the n-th call on, while somebody types and looks around ------------------------------------
# What is in the state file: the sentence of the last time, with what was typed since or without.
leave_session() {
    rm -rf "$state"
    mkdir -p "$state"
    printf '# headlight session 1\ntext:set The fox ran.\n' >"$state/session"
}
session_is_whole() {
    head -n 1 "$state/session" | grep -q '^# headlight session 1$' && ! tail -c 1 "$state/session" | grep -q . &&
        grep -q '^text:set .*The fox ran\.' "$state/session"
}
bad= ended=0
for n in ${FAULT_CALLS:-3000 9000 20000 45000}; do
    for kind in memory memory-once; do
        leave_session
        HEADLIGHT_FAULT="$kind $n" "$faulty" >"$work/program.out" 2>"$work/program.err" &
        program=$!
        started="$started $program"
        if wait_for 60 sh -c 'xdotool search --onlyvisible --pid '$program' 2>/dev/null | grep -q . || ! kill -0 '$program; then
            for round in 1 2 3; do
                is_running || break
                type_text "a b c d e f g h" 2>/dev/null
                press ctrl+2 ctrl+3 ctrl+4 ctrl+5 ctrl+1 ctrl+s 2>/dev/null
            done
        fi
        if is_running; then
            press ctrl+q
            ends_itself || bad="$bad; $kind $n: does not end"
        else
            ended=$((ended + 1))
            ends_itself || bad="$bad; $kind $n: status $status, $(head -c 300 "$work/program.err")"
            [ "$status" = 1 ] && ! grep -q 'memory' "$work/program.err" && bad="$bad; $kind $n: says $(head -c 300 "$work/program.err")"
        fi
        session_is_whole || bad="$bad; $kind $n: the session is damaged: $(head -c 300 "$state/session")"
    done
done
if [ -z "$bad" ] && [ $ended -gt 1 ]; then ok "no memory: $ended ended with a sentence, and the session is whole"; else not_ok 'no memory' "$bad"; fi

# Long after the start, also on the thread of the worker and on that of the press, which makes figures.
# What the model does on its probe set is found out before, so that all the calls are the user's doing.
open_window --fresh
check 'the model is tried on its probe set' wait_for 120 sh -c 'ls "$1"/headlight/heads/*.txt' sh "$XDG_CACHE_HOME"
close_window
for fault in 'memory 30000' 'memory-thread 6000'; do
    leave_session
    HEADLIGHT_FAULT=$fault "$faulty" >"$work/program.out" 2>"$work/program.err" &
    program=$!
    started="$started $program"
    wait_for 60 find_window
    tries=100
    while is_running && [ $tries -gt 0 ]; do
        type_text "a b c " 2>/dev/null
        press ctrl+s 2>/dev/null
        tries=$((tries - 1))
    done
    check "no memory ($fault): it ends" ends_itself
    check 'with status 1 and a sentence' sh -c 'test "$1" = 1 && grep -q memory "$2"' sh "$status" "$work/program.err"
    # What was typed may be in it or not: without any memory only what was saved before is there.
    check 'the session is whole' session_is_whole
done

# ---- A full disk under the state file, and under a figure -----------------------------------------------------
# What is written beside a file before it takes its place is called NAME.PID-N (file.h).
leftovers() { find "$XDG_STATE_HOME" "$HOME" -name '*.[0-9]*-[0-9]*'; }
normal=$headlight headlight=$faulty
export HEADLIGHT_FAULT
for fault in 'disk 1' 'disk 3' 'named disk 2'; do
    leave_session
    rm -f "$HOME"/*
    HEADLIGHT_FAULT=$fault open_window
    wait_still
    keep_screen quiet
    type_text "more words"
    sleep 5
    check "a full disk ($fault): the window goes on" is_running
    press ctrl+s
    wait_still
    check 'and that something can not be saved is told' message
    check 'and it closes' close_window
    check 'the old session is there' session_is_whole
    check 'nothing half is left' test -z "$(leftovers)" -a -z "$(ls "$HOME")"
done
: >"$HOME/a.png.12-3"
check 'it would have been seen' test -n "$(leftovers)"
rm "$HOME/a.png.12-3"
# kill -9 in each call of the save: what is there opens again.
bad=
for n in ${FAULT_KILLS:-2 3 4 7}; do
    rm -rf "$state"
    mkdir -p "$state"
    printf '# headlight session 1\ntext:set The old sentence.\n' >"$state/session"
    HEADLIGHT_FAULT="kill-half $n"
    open_window
    type_text "new "
    wait_for 8 has_ended || kill -9 "$program"
    wait "$program" 2>/dev/null
    grep -q '^text:set .*The old sentence\.' "$state/session" || bad="$bad; $n: $(cat "$state/session")"
    tail -c 1 "$state/session" | grep -q . && bad="$bad; $n: the last line is not whole"
done
unset HEADLIGHT_FAULT
headlight=$normal
if [ -z "$bad" ]; then ok 'kill -9 at any call of a save of the state: old or new, whole'; else not_ok 'kill -9 while the state is saved' "$bad"; fi

# ---- Homes ----------------------------------------------------------------------------------------------------------
kept_state=$XDG_STATE_HOME
XDG_STATE_HOME=/proc/none
open_window
type_text "more"
sleep 5
check 'a state folder that can not be made: the window goes on' is_running
check 'and closes with status 0' close_window
unset XDG_STATE_HOME
kept_home=$HOME
unset HOME
open_window
check 'no home at all: it opens' is_running
check 'and closes with status 0' close_window
HOME=$kept_home XDG_STATE_HOME=$kept_state
export HOME XDG_STATE_HOME

# ---- Fonts that vanish -----------------------------------------------------------------------------------------------
mkdir "$work/fonts"
cp /usr/share/fonts/truetype/dejavu/*.ttf "$work/fonts"
printf '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>' "$work/fonts" "$work/fontcache" >"$work/fonts.conf"
FONTCONFIG_FILE=$work/fonts.conf
export FONTCONFIG_FILE
open_window --fresh "The fox ran."
for font in "$work"/fonts/*; do : >"$font"; done
press End
type_text " qjxz ;:"
press ctrl+2 ctrl+plus ctrl+plus
wait_still
check 'fonts cut off while they are in use: the window is still there' is_running
rm -rf "$work/fonts"
press ctrl+4 ctrl+minus
wait_still
check 'and when they are gone' is_running
check 'and it closes' close_window
unset FONTCONFIG_FILE

# ---- Two windows, one state folder --------------------------------------------------------------------------------------
rm -rf "$state"
open_window
first=$program
press ctrl+a
type_text "The first window says this."
sleep 3
open_window
press ctrl+a
type_text "The second window says that."
sleep 8
second=$program
both() { grep -q 'first window says' "$state/history" && grep -q 'second window says' "$state/history"; }
check 'two windows: the history has the sentences of both' wait_for 60 both
kill -9 "$first"
wait "$first" 2>/dev/null
program=$second
check 'and what is left of them closes' close_window
check 'and both are still there' both
check 'and the session is whole' grep -q '^# headlight session 1$' "$state/session"

# ---- The terminal and the display go away ----------------------------------------------------------------------------------
open_window
type_text "Hang up. "
wait_still
if grep -q '^SigIgn:.*[13579bdf]$' /proc/"$program"/status; then
    skip 'a terminal that is closed' 'hang-ups are ignored here (nohup)'
    close_window
else
    kill -HUP "$program"
    check 'a terminal that is closed: status 0' ends_itself
fi
check 'and what was typed is there' grep -q 'Hang up' "$state/session"
Xvfb -displayfd 4 -screen 0 800x600x24 -nolisten tcp -noreset 4>"$work/display2" 2>/dev/null &
other=$!
started="$started $other"
wait_for 60 test -s "$work/display2"
DISPLAY=:$(cat "$work/display2")
open_window
press ctrl+a
type_text "Written just before the display went."
sleep 0.5
kill -9 "$other"
check 'the display goes away: no crash' ends_itself
check 'and what was typed is there' grep -q 'just before the display went' "$state/session"
finish
