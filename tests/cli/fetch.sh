#!/bin/sh
# `headlight fetch` against a server on this machine that can be told to lie, stall and hang up: what
# arrives is whole and right, or is not there at all, and the same command goes on.
. tests/lib.sh

XDG_DATA_HOME=$work/data no_proxy='*'
export XDG_DATA_HOME no_proxy
unset HF_ENDPOINT HF_TOKEN HF_HOME
own=$XDG_DATA_HOME/headlight/models
here=$own/ann--tiny part=$own/.ann--tiny.part
hub=$work/hub
source=models/headlight-en
weights=model.safetensors

mkdir -p "$hub/ann/tiny"
cp $source/config.json $source/tokenizer_config.json $source/vocab.txt $source/$weights "$hub/ann/tiny"
"$build/tests/ui/hub_server" "$hub" >"$work/port" &
started=$!
wait_for 60 test -s "$work/port" || not_ok 'the server starts' ''
port=$(cat "$work/port")
endpoint=http://127.0.0.1:$port
hash=$(sha256sum "$hub/ann/tiny/$weights" | cut -d ' ' -f 1)
wrong=$(printf '%064d' 7)

fetch() { timeout 30 "$headlight" fetch "$@" --endpoint "$endpoint"; }
# rules LINE...: how the server behaves from now on; its log starts anew.
rules() {
    : >"$hub/log"
    printf '%s\n' "$@" >"$hub/rules"
}
asked() { grep -q -e "$1" "$hub/log"; }
whole() { # the model is there, byte for byte, and nothing else
    for file in config.json tokenizer_config.json vocab.txt $weights; do
        cmp "$hub/ann/tiny/$file" "$here/$file" || return 1
    done
    test "$(ls -A "$here" | wc -l)" = 4 && test ! -e "$part"
}
not_listed() { ! "$headlight" models | grep -q ann/; }
away() { rm -rf "$own"; }
# refused NAME WORD MODEL [OPTION...]: the last lines of a failed download; nothing is listed.
refused() {
    what=$1 pattern=$2
    shift 2
    fetch "$@" >"$work/out" 2>"$work/said"
    got=$?
    grep '^headlight:' "$work/said" >"$work/sentence"
    check "$what" sh -c '
        test "$1" = 1 && test "$(wc -l <"$2")" = 1 && grep -qiE -e "$3" "$2" &&
        grep -q "[.]$" "$2"' sh "$got" "$work/sentence" "$pattern" || cat "$work/said" | sed 's/^/# /'
    check "$what: nothing is listed" not_listed
}

# ---- Usage ----
for name in tiny /tiny ann/ ann/tiny/x ../tiny ann/.. ann/.tiny 'ann/ti ny' ann/a--b 'ann/a?b' -- ann/-x; do
    fails 2 "no name of a model: $name" 'OWNER/NAME|not an option' "$headlight" fetch "$name"
done
fails 2 'a revision that is none' 'revision' "$headlight" fetch ann/tiny --revision ../x
for address in ftp://localhost file:///etc 'http://a b' https:// https://me@host 'https://host?x'; do
    fails 2 "no address: $address" 'address' "$headlight" fetch ann/tiny --endpoint "$address"
done

# ---- What works ----
rules '/config.json commit 0123456789abcdef0123456789abcdef01234567' "$weights linked $hash" \
    "$weights size $(wc -c <"$hub/ann/tiny/$weights")"
check 'a model is downloaded' fetch ann/tiny --revision refs/pr/1
check 'it is whole' whole
check 'the revision is one step of the path' asked '^/ann/tiny/resolve/refs%2Fpr%2F1/config.json'
check 'the other files are of the commit' asked "resolve/0123456789abcdef0123456789abcdef01234567/$weights"
check 'it is listed' sh -c '"$1" models | grep -q "^ann/tiny  *yours"' sh "$headlight"
check 'it draws' "$headlight" render -m ann/tiny "a b" -o "$work/x.png"
check 'there is a picture' test -s "$work/x.png"
rules
check 'what is there is not downloaded again' sh -c '"$1" fetch ann/tiny --endpoint "$2" | grep -q "there already"' \
    sh "$headlight" "$endpoint"
check 'nothing was asked for' test ! -s "$hub/log"
check 'unless it is forced' env HF_ENDPOINT="$endpoint/" "$headlight" fetch ann/tiny --force
check 'it is whole again' whole
check 'the old one is gone' test "$(ls -A "$own")" = ann--tiny

# ---- Going on ----
away
rules "$weights cut 5000000"
refused 'a connection that breaks' 'same command' ann/tiny
check 'what came is kept' test "$(wc -c <"$part/$weights.part")" = 5000000
rules "$weights linked $hash"
rm "$part/$weights.tag"
echo ' 14098580' | tr -d '\n' >"$part/$weights.tag"
check 'another version begins anew' fetch ann/tiny
check '... after a try' asked "$weights 5000000-"
check '... with all of it' sh -c 'grep -q "$1 -$" "$2/log"' sh "$weights" "$hub"
check '... and is whole' whole
away
rules "$weights cut 5000000" "$weights linked $hash"
refused 'a connection that breaks again' 'same command' ann/tiny
rules "$weights stall 2000000" "$weights linked $hash"
refused 'a server that falls silent' 'nothing of model.safetensors.*same command' ann/tiny --stall-seconds 2
check 'what came is kept, too' test "$(wc -c <"$part/$weights.part")" = 7000000
rules "$weights linked $hash"
check 'the same command goes on' fetch ann/tiny
check 'it asked for the rest only' asked "$weights 7000000-"
check 'only once' test "$(grep -c "$weights" "$hub/log")" = 1
check 'it did not ask again for what was here' test "$(grep -c vocab.txt "$hub/log")" = 0
check 'the pieces are whole' whole
for kind in norange wrongrange; do
    away
    rules "$weights cut 5000000"
    fetch ann/tiny >"$work/out" 2>&1
    rules "$weights $kind"
    check "$kind: begins anew" fetch ann/tiny
    check "$kind: is whole" whole
done
away
rules "$weights cut 5000000" "$weights linked $hash"
fetch ann/tiny >"$work/out" 2>&1
cp "$hub/ann/tiny/$weights" "$part/$weights.part"
rules "$weights linked $hash"
check 'all but renamed: nothing is left to send' fetch ann/tiny
check 'all but renamed: is whole' whole
away
rules "/config.json commit $(printf '%040d' 1)" "$weights cut 5000000"
fetch ann/tiny >"$work/out" 2>&1
rules "/config.json commit $(printf '%040d' 2)"
check 'a newer commit begins anew' fetch ann/tiny
check 'with every file of it' asked "resolve/$(printf '%040d' 2)/vocab.txt"
check 'a newer commit is whole' whole

# ---- Lies ----
away
rules "$weights linked $wrong"
refused 'a wrong hash' 'SHA-256' ann/tiny
check 'a wrong hash: deleted' test ! -e "$part/$weights.part" -a ! -e "$part/$weights"
rules "vocab.txt etag $wrong"
rm -rf "$part"
refused 'a wrong hash as ETag' 'vocab.txt.*SHA-256' ann/tiny
rules "$weights length 1000"
refused 'fewer bytes than announced' 'same command' ann/tiny
away
rules "$weights length -1000" "$weights size 14098580"
refused 'two sizes' 'two sizes' ann/tiny
away
rules "$weights length -1000" "$weights linked $hash"
refused 'more bytes than announced' 'SHA-256' ann/tiny
rules "$weights size 30000000000" "$weights length 29985901420"
refused 'too large' 'more than 20000000000' ann/tiny
rules 'vocab.txt endless'
rm -f "$part/vocab.txt"
refused 'no end' 'larger than 67108864' ann/tiny
rules '/config.json headers'
refused 'no end of headers' 'headers' ann/tiny

# ---- What is not there ----
away
rules
refused 'no such model' 'no model ann/nothing' ann/nothing
check 'no such model: nothing stays' test -z "$(ls -A "$own")"
rules '/config.json status 401'
refused 'a closed model' 'HF_TOKEN' ann/tiny
rules '/config.json status 503'
refused 'a server in trouble' '503' ann/tiny
rules 'vocab.txt status 404'
refused 'no vocabulary' 'vocab' ann/tiny
rules "$weights status 404"
refused 'no weights' 'has no safetensors weights' ann/tiny
fails 1 'no server' 'reached' "$headlight" fetch ann/tiny --endpoint http://127.0.0.1:1

# ---- Shards ----
mkdir "$hub/ann/shards"
cp $source/config.json $source/vocab.txt "$hub/ann/shards"
index() { printf '{"weight_map": {%s}}' "$1" >"$hub/ann/shards/$weights.index.json"; }
for evil in ../x.safetensors /etc/x.safetensors .x.safetensors a/b.safetensors vocab.txt '' 'a b.safetensors'; do
    rm -rf "$own/.ann--shards.part"
    index "\"a\": \"$evil\""
    rules
    refused "evil name: $evil" 'plain names' ann/shards
    check "evil name: $evil: not asked for" sh -c '! grep -v -e index -e model.safetensors "$1" | grep -q "safetensors\|x "' sh "$hub/log"
done
rm -rf "$own/.ann--shards.part"
index '"a": 7'
refused 'a name that is a number' 'plain names' ann/shards
rm -rf "$own/.ann--shards.part"
echo '{' >"$hub/ann/shards/$weights.index.json"
refused 'an index that is no JSON' 'no weights' ann/shards
rm -rf "$own/.ann--shards.part"
index '"a": "one.safetensors", "b": "two.safetensors", "c": "one.safetensors"'
cp "$hub/ann/tiny/$weights" "$hub/ann/shards/one.safetensors"
refused 'a shard that is missing' 'not the weights that it names' ann/shards
cp tests/data/bert-tiny/$weights "$hub/ann/shards/two.safetensors"
fetch ann/shards >"$work/out" 2>"$work/said"
check 'what can be downloaded but not opened: a warning, status 0' sh -c '
    test "$1" = 0 && grep -q "^headlight: ann/shards was downloaded, but can.t be opened: " "$2" ' sh $? "$work/said"
check 'the shards are there' cmp "$hub/ann/shards/two.safetensors" "$own/ann--shards/two.safetensors"
away

# ---- Redirects and tokens ----
export HF_TOKEN=secret
rules "$weights redirect http://localhost:PORT/store/ann/tiny/$weights" "$weights linked $hash"
sed -i "s|^$weights redirect|resolve/main/&|" "$hub/rules"
check 'a redirect is followed' fetch ann/tiny
check 'a redirect: is whole' whole
check 'the token goes to the server' asked 'resolve/main/config.json - token$'
check 'but not to where it leads' asked "^/store/ann/tiny/$weights -\$"
unset HF_TOKEN
away
for target in https://127.0.0.1:1/x file:///etc/passwd ftp://127.0.0.1:1/x; do
    rules "config.json redirect $target"
    refused "leads to $target" 'another kind of address' ann/tiny
done
rules "config.json redirect http://127.0.0.1:PORT/ann/tiny/resolve/main/config.json"
refused 'leads in a circle' 'address to address' ann/tiny
fails 2 'a token that would be a header' 'HF_TOKEN' env HF_TOKEN="$(printf 'a\r\nX: y')" \
    "$headlight" fetch ann/tiny --endpoint "$endpoint"

# ---- This side ----
rules
fails 1 'a folder that can not be made' "can't be made" env XDG_DATA_HOME=/proc/nowhere \
    "$headlight" fetch ann/tiny --endpoint "$endpoint"
(
    ulimit -f 2000
    trap '' XFSZ
    fetch ann/tiny >"$work/out" 2>"$work/said"
    echo $? >"$work/status"
)
check 'a disk that fills up' sh -c 'test "$(cat "$1/status")" = 1 && grep -q "^headlight: .*written" "$1/said"' \
    sh "$work"
check 'a disk that fills up: nothing is listed' not_listed
rm -rf "$own"
mkdir -p "$here" && echo mine >"$here/notes"
refused 'a folder of somebody that is no model' 'not a model' ann/tiny
check 'it stays' test -s "$here/notes"
rm -rf "$own"
mkdir -p "$here"
rules
check 'an empty folder is no hindrance' fetch ann/tiny
check 'an empty folder: is whole' whole
away
# A proxy is not for this machine.
check 'a proxy is not asked for this machine' env -u no_proxy http_proxy=http://127.0.0.1:1 \
    "$headlight" fetch ann/tiny --endpoint "$endpoint"
away
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout "$work/key.pem" \
        -out "$work/cert.pem" 2>/dev/null
    openssl s_server -quiet -www -accept 127.0.0.1:0 -key "$work/key.pem" -cert "$work/cert.pem" \
        >"$work/tls" 2>&1 &
    tls=$!
    started="$started $tls"
    # s_server names no port that it was given by the system: the kernel does.
    tls_port() {
        inode=$(ls -l /proc/$tls/fd | sed -n 's/.*socket:\[\([0-9]*\)\].*/\1/p' | head -n 1)
        [ -n "$inode" ] || return 1
        hex=$(awk -v i="$inode" '$10 == i { split($2, a, ":"); print a[2] }' /proc/net/tcp)
        [ -n "$hex" ] && printf '%d\n' "0x$hex"
    }
    wait_for 60 tls_port
    fails 1 'a certificate of nobody' "certificate can't be trusted" \
        "$headlight" fetch ann/tiny --endpoint "https://localhost:$(tls_port)"
    kill "$tls"
else
    skip 'a certificate of nobody' 'there is no openssl program'
fi
rules "$weights stall 8000000"
# Not `fetch`: the signal is for the program, and a shell's children in the background ignore it.
env --default-signal=INT "$headlight" fetch ann/tiny --endpoint "$endpoint" >"$work/out" 2>"$work/said" &
pid=$!
started="$started $pid"
wait_for 60 sh -c 'test "$(wc -c <"$1")" -gt 5000000' sh "$part/$weights.part"
fails 1 'two at a time' 'already' "$headlight" fetch ann/tiny --endpoint "$endpoint"
kill -INT $pid
wait $pid
check 'Ctrl+C ends with status 1 and a sentence' sh -c '
    test "$1" = 1 && grep -q "^headlight: .*stopped; the same command" "$2"' sh $? "$work/said"
check 'Ctrl+C keeps what came' test -s "$part/$weights.part"
rules
check 'and it can be gone on with' fetch ann/tiny
check 'is whole after Ctrl+C' whole
finish
