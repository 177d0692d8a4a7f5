#include "app/keymap.h"

const KeyBinding keymap_table[] = {
    {KEY_F1, 0, true, "help", "F1 or ?", "all keys"},
    {'s', MOD_CTRL, true, "export", "Ctrl+S", "save the figure, the kind that was saved last"},
    {'s', MOD_CTRL | MOD_SHIFT, true, "figure:dialog", "Ctrl+Shift+S", "figure: size, kind, parts"},
    {'c', MOD_CTRL | MOD_SHIFT, true, "figure:copy", "Ctrl+Shift+C", "copy the figure"},
    {'l', MOD_CTRL, true, "text:focus", "Ctrl+L", "edit the sentence"},
    {'/', 0, false, "text:focus", NULL, NULL},
    {'e', MOD_CTRL, true, "text:example", "Ctrl+E", "next example sentence"},
    {'p', MOD_CTRL, true, "pair:toggle", "Ctrl+P", "second sentence on or off"},
    {'1', MOD_CTRL, true, "view:set head", "Ctrl+1", "lines"},
    {'2', MOD_CTRL, true, "view:set heatmap", "Ctrl+2", "heatmap"},
    {'3', MOD_CTRL, true, "view:set model", "Ctrl+3", "all heads of all layers"},
    {'4', MOD_CTRL, true, "view:set neuron", "Ctrl+4", "neurons: query times key"},
    {'5', MOD_CTRL, true, "view:set flow", "Ctrl+5", "flow through the layers"},
    {'6', MOD_CTRL, true, "view:set compare", "Ctrl+6", "two sentences or models compared"},
    {'7', MOD_CTRL, true, "view:set walk", "Ctrl+7", "steps: how attention is calculated"},
    {0, 0, false, "", "Steps: Right, Left", "on, back; Home: start, Space: plays, U, K: what if"},
    {0, 0, false, "", "Lessons: arrows", "step by step; Esc leaves; recording: Enter adds a step"},
    {'o', 0, false, "head:off", "O, Shift+O", "switch the chosen heads off or on; all on again"},
    {'o', MOD_SHIFT, false, "head:restore", NULL, NULL},
    {'x', 0, false, "mask:token", "X", "mask the word under the pointer"},
    {'h', 0, false, "thumbnails", "H", "all heads: heatmaps or lines"},
    {KEY_BACKSPACE, 0, false, "view:back", "Backspace",
     "the view before; with Shift forward again"},
    {KEY_BACKSPACE, MOD_SHIFT, false, "view:forward", NULL, NULL},
    {'v', 0, false, "view:next", "V", "next view"},
    {KEY_PAGE_DOWN, 0, true, "layer:next", "PgDn", "next layer"},
    {KEY_PAGE_UP, 0, true, "layer:previous", "PgUp", "layer before"},
    {KEY_DOWN, 0, false, "layer:next", NULL, NULL},
    {KEY_UP, 0, false, "layer:previous", NULL, NULL},
    {KEY_DOWN, MOD_ALT, true, "layer:next", NULL, NULL},
    {KEY_UP, MOD_ALT, true, "layer:previous", NULL, NULL},
    {KEY_RIGHT, MOD_ALT, true, "head:next", "Alt+Right", "next head alone"},
    {KEY_LEFT, MOD_ALT, true, "head:previous", "Alt+Left", "head before, alone"},
    {KEY_RIGHT, 0, false, "head:next", NULL, NULL},
    {KEY_LEFT, 0, false, "head:previous", NULL, NULL},
    {'a', 0, false, "head:all", "A", "all heads"},
    {0, 0, false, "", "Arrows", "layers and heads, outside the text field"},
    {']', 0, false, "threshold:up", "]", "fewer lines"},
    {'[', 0, false, "threshold:down", "[", "more lines"},
    {'s', 0, false, "special", "S", "special tokens shown, hidden, renormalised"},
    {'w', 0, false, "words", "W", "whole words instead of pieces"},
    {'f', 0, false, "filter", "F", "which sentence of a pair looks at which"},
    {'c', 0, false, "head:combine", "C", "chosen heads one by one, or as one"},
    {'m', 0, false, "heatmap:map", "M", "heatmap: next colour map"},
    {'l', 0, false, "heatmap:scale", "L", "heatmap: linear or logarithmic"},
    {'0', 0, false, "zoom:reset", "0", "heatmap: the whole matrix again"},
    {'n', 0, false, "rank:next", "N, Shift+N", "next head by the picked link, the one before"},
    {'n', MOD_SHIFT, false, "rank:previous", NULL, NULL},
    {'b', 0, false, "rank:best", "B", "the head with the strongest picked link"},
    {'g', 0, false, "grid:measure", "G", "what colours the head grid"},
    {0, 0, false, "", "Click a token", "pins what hovering shows; again takes it out"},
    {0, 0, false, "", "Click a head", "on or off; double: alone; grid: Shift adds"},
    {0, 0, false, "", "Wheel", "layer, or scrolls; Ctrl: zooms heatmap"},
    {KEY_ESCAPE, 0, false, "escape", "Esc", "leave the text field; take pins out"},
    {'t', MOD_CTRL, true, "theme", "Ctrl+T", "light or dark"},
    {'+', MOD_CTRL, true, "interface:larger", "Ctrl +", "larger"},
    {'=', MOD_CTRL, true, "interface:larger", NULL, NULL},
    {'+', MOD_CTRL | MOD_SHIFT, true, "interface:larger", NULL, NULL},
    {'=', MOD_CTRL | MOD_SHIFT, true, "interface:larger", NULL, NULL},
    {'-', MOD_CTRL, true, "interface:smaller", "Ctrl -", "smaller"},
    {'0', MOD_CTRL, true, "interface:reset", "Ctrl+0", "normal size"},
    {KEY_F11, 0, true, "present", "F11", "full screen, only the picture"},
    {'q', MOD_CTRL, true, "quit", "Ctrl+Q", "quit"},
    {0},
};

/* Of the walk-through, where these keys mean something else. */
static const KeyBinding step_table[] = {
    {KEY_RIGHT, 0, false, "step:next", NULL, NULL},
    {KEY_LEFT, 0, false, "step:previous", NULL, NULL},
    {KEY_HOME, 0, false, "step:first", NULL, NULL},
    {KEY_END, 0, false, "step:last", NULL, NULL},
    {KEY_SPACE, 0, false, "step:play", NULL, NULL},
    {'u', 0, false, "step:unscaled", NULL, NULL},
    {'k', 0, false, "step:causal", NULL, NULL},
    {0},
};

static const KeyBinding lesson_table[] = {
    {KEY_RIGHT, 0, true, "lesson:next", NULL, NULL},
    {KEY_PAGE_DOWN, 0, true, "lesson:next", NULL, NULL},
    {KEY_SPACE, 0, true, "lesson:next", NULL, NULL},
    {KEY_LEFT, 0, true, "lesson:previous", NULL, NULL},
    {KEY_PAGE_UP, 0, true, "lesson:previous", NULL, NULL},
    {KEY_HOME, 0, true, "lesson:first", NULL, NULL},
    {KEY_END, 0, true, "lesson:last", NULL, NULL},
    {KEY_ESCAPE, 0, true, "lesson:close", NULL, NULL},
    {0},
};

static const KeyBinding recording_table[] = {
    {KEY_ENTER, 0, true, "lesson:add", NULL, NULL},
    {KEY_ESCAPE, 0, false, "lesson:stop", NULL, NULL},
    {0},
};

static const char *find(const KeyBinding *table, const KeyStroke *stroke, bool typing)
{
    for (const KeyBinding *binding = table; binding->command != NULL; binding++) {
        if (binding->key != 0 && binding->key == stroke->key &&
            binding->modifiers == stroke->modifiers && (binding->while_typing || !typing)) {
            return binding->command;
        }
    }
    return NULL;
}

const char *keymap_find(const KeyStroke *stroke, bool typing)
{
    return find(keymap_table, stroke, typing);
}

const char *keymap_find_lesson(const KeyStroke *stroke) { return find(lesson_table, stroke, true); }

const char *keymap_find_recording(const KeyStroke *stroke, bool typing)
{
    return find(recording_table, stroke, typing);
}

const char *keymap_find_step(const KeyStroke *stroke, bool typing)
{
    return find(step_table, stroke, typing);
}
