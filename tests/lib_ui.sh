# lib_ui.sh - a screen without a screen (Xvfb) and a hand without a hand (xdotool), for tests/ui.
#
#     . tests/lib.sh
#     . tests/lib_ui.sh
#     start_display 1280x800
#     open_window "The animal ..."        # further arguments as on the command line
#     point 640 400; click; type_text it; press ctrl+s
#
# The screen's contents lie in the file $screen; tests/ui/picture.c answers questions about them.

picture() { "$build/tests/ui/picture" "$@"; }

# Without Xvfb there is nothing to test here: everything is skipped, and it is said.
start_display() {
    for tool in Xvfb xdotool; do
        command -v "$tool" >/dev/null && continue
        skip 'the window' "$tool is not installed and could not be"
        finish
    done
    mkdir "$work/screen" "$work/home"
    Xvfb -displayfd 3 -screen 0 "${1}x24" -fbdir "$work/screen" -nolisten tcp -noreset \
        3>"$work/display" 2>"$work/xvfb.log" &
    server=$!
    started="$started $server"
    if ! wait_for 60 test -s "$work/display"; then
        not_ok 'Xvfb starts' "$(cat "$work/xvfb.log")"
        finish
    fi
    DISPLAY=:$(cat "$work/display")
    HOME=$work/home XDG_PICTURES_DIR=$work/home
    SDL_VIDEODRIVER=x11
    export DISPLAY HOME XDG_PICTURES_DIR SDL_VIDEODRIVER
    screen=$work/screen/Xvfb_screen0
}

# Starts the program with these arguments, waits until its window is there, gives it the keyboard
# (there is no window manager to do so). Sets $program and $window.
open_window() {
    "$headlight" "$@" >"$work/program.out" 2>"$work/program.err" &
    program=$!
    started="$started $program"
    if ! wait_for 60 find_window; then
        not_ok 'the window opens' "$(cat "$work/program.err")"
        finish
    fi
    xdotool windowfocus --sync "$window"
    wait_still
}
find_window() {
    window=$(timeout 10 xdotool search --onlyvisible --pid "$program" 2>/dev/null | tail -n 1)
    [ -n "$window" ]
}

# Closes the window as a user does, and waits for the program to end; its status is the result.
close_window() {
    press "${1:-ctrl+q}"
    if wait_for 60 has_ended; then
        wait "$program" && return
    else
        kill "$program"
    fi
    cat "$work/program.err" >&2
    return 124
}
has_ended() { ! kill -0 "$program" 2>/dev/null; }

# The hand.
type_text() { xdotool type --delay "${typing_delay:-20}" "$1"; }
press() { xdotool key --delay 40 "$@"; }
point() { xdotool mousemove "$1" "$2"; }
click() { xdotool click "${1:-1}"; }

# Keeps what is on the screen now as $work/NAME, to be compared with what comes.
keep_screen() { cp "$screen" "$work/$1"; }
# Has the screen changed since keep_screen NAME?
screen_differs() { [ "$(picture differ "$work/$1" "$screen")" -gt 0 ]; }

# No thread of the program or of the display is at work, or waits for a processor to be: on a busy machine a
# screen that does not change can also mean that nobody came to draw on it.
is_resting() {
    ! cat /proc/"$program"/task/*/stat /proc/"$server"/task/*/stat 2>/dev/null | sed 's/.*) //' | grep -q '^[RD]'
}

# Waits until the screen has not changed for a third of a second and everybody rests, at most a minute.
# A blinking caret changes a few pixels; so many do not count.
wait_still() {
    tries=180
    while [ "$tries" -gt 0 ]; do
        cp "$screen" "$work/still"
        sleep 0.33
        is_resting && [ "$(picture differ "$work/still" "$screen")" -lt 80 ] && is_resting && return 0
        tries=$((tries - 1))
    done
    return 1
}
