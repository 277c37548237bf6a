#!/usr/bin/env bash
# A new user's first morning, by curl, from nothing: set-up, sign-up with the code from the mail, four weeks of history,
# a phone that takes pushes, a check-in, advice, the coach's invitation and override. Stops at the first surprise.
#
#   tests/flows/new_user.sh [PORT [DIR]]      DIR: a new data directory; by default a temporary one that is removed
#
# Needs bash, curl and Python 3.11. The push service is the tests' own (tests/push_service.py): it checks the sender's
# signature, decrypts with the phone's keys, and writes down what the phone would show.
set -euo pipefail
cd "$(dirname "$0")/../.."

PORT=${1:-8765}
API=http://127.0.0.1:$PORT
SCRATCH=$(mktemp -d)
export HOMESTRETCH_DATA=${2:-$SCRATCH/data}
EMAIL=frida@example.org
PASSWORD='a long walk at dawn'

stop() {
    status=$?
    [ -n "${RUNNER:-}" ] && kill -TERM "$RUNNER" 2>/dev/null && wait "$RUNNER" || true
    [ -n "${PUSH_SERVICE:-}" ] && kill "$PUSH_SERVICE" 2>/dev/null || true
    if [ $status != 0 ]; then echo "--- the server's log"; tail -40 "$SCRATCH/log" 2>/dev/null || true; fi
    rm -rf "$SCRATCH"
    exit $status
}
trap stop EXIT

step() { printf '\n== %s\n' "$*"; }
fail() { echo "NOT AS EXPECTED: $*" >&2; exit 1; }

# field PATH: one value of the JSON on standard input, like meta.access_token or results.0.id
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if key.isdigit() else value[key]
print(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))' "$1"
}

# call STATUS METHOD PATH [BODY]: sends it with $TOKEN, insists on the status, answers the body
call() {
    local expected=$1 method=$2 path=$3 answered
    shift 3
    answered=$(curl -sS -o "$SCRATCH/body" -w '%{http_code}' -X "$method" "$API$path" \
        ${TOKEN:+-H "Authorization: Bearer $TOKEN"} ${SESSION:+-H "X-Session-Token: $SESSION"} \
        ${1:+-H 'Content-Type: application/json' -d "$1"})
    [ "$answered" = "$expected" ] || fail "$method $path answered $answered instead of $expected: $(head -c 600 "$SCRATCH/body")"
    cat "$SCRATCH/body"
}

# shown METHOD PATH STATUS: a line of the transcript
shown() { printf '%-6s %-44s %s\n' "$1" "$2" "$3"; }

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
    local tries=$(($1 * 5))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "waited in vain for: $*"
        sleep 0.2
    done
}

sign_in() { TOKEN= SESSION= call 200 POST /_allauth/app/v1/auth/login "{\"email\": \"$1\", \"password\": \"$2\"}"; }

step "Set up, and start with one command"
./homestretch manage --version >"$SCRATCH/log" 2>&1 # sets up .venv the first time, so that the push service can start
.venv/bin/python - "$SCRATCH" <<'PYTHON' &
import json, pathlib, sys, time
sys.path.insert(0, ".")
from tests.push_service import PushService

directory, shown = pathlib.Path(sys.argv[1]), 0
with PushService() as service:
    phone = service.subscribe()
    (directory / "origin.tmp").write_text(service.origin)
    (directory / "subscription").write_text(json.dumps(phone.as_json()))
    (directory / "origin.tmp").rename(directory / "origin")
    while True:
        for received in service.received[shown:]:
            with open(directory / "pushed", "a") as file:
                print(json.dumps(received.message, ensure_ascii=False), file=file)
            shown += 1
        for reason in service.refused:
            sys.exit(f"the push service refused a message: {reason}")
        time.sleep(0.1)
PYTHON
PUSH_SERVICE=$!
wait_for 20 test -e "$SCRATCH/origin"
HOMESTRETCH_PUSH_INSECURE_ORIGINS=$(cat "$SCRATCH/origin")
export HOMESTRETCH_PUSH_INSECURE_ORIGINS
./homestretch up --port "$PORT" --data "$HOMESTRETCH_DATA" >>"$SCRATCH/log" 2>&1 &
RUNNER=$!
runner_is_ready() {
    kill -0 "$RUNNER" 2>/dev/null || fail "the runner has ended"
    grep -q 'Homestretch is ready' "$SCRATCH/log"
}
wait_for 120 runner_is_ready
grep -A4 'Homestretch is ready' "$SCRATCH/log" | sed "s#$HOMESTRETCH_DATA#DIR#"

step "Sign up; the code comes by mail"
newest_mail() { ls -t "$HOMESTRETCH_DATA"/mail/* 2>/dev/null | head -1; }
mail_has_come() { [ -n "$(newest_mail)" ]; }
SIGN_UP="{\"email\": \"$EMAIL\", \"password\": \"$PASSWORD\"}"
SESSION=$(call 401 POST /_allauth/app/v1/auth/signup "$SIGN_UP" | field meta.session_token)
shown POST /_allauth/app/v1/auth/signup "401, verify_email pending"
wait_for 10 mail_has_come
CODE=$(python3 - "$(newest_mail)" <<'PYTHON'
import email, email.policy, re, sys
message = email.message_from_file(open(sys.argv[1]), policy=email.policy.default)
print(re.search(r"^([A-Z0-9]{4}-?[A-Z0-9]{2,4}|[A-Z0-9]{6,8})$", message.get_content(), re.M)[1])
PYTHON
)
call 200 POST /_allauth/app/v1/auth/email/verify "{\"key\": \"$CODE\"}" >/dev/null
shown POST /_allauth/app/v1/auth/email/verify "200, verified with the code from the mail"
SESSION=
TOKENS=$(sign_in "$EMAIL" "$PASSWORD")
TOKEN=$(field meta.access_token <<<"$TOKENS")
shown POST /_allauth/app/v1/auth/login "200, access and refresh token"

step "Who I am: zone, usual week, when advice must be there"
# It is always eight in the morning somewhere: there Frida lives, so that the walk is a morning whenever it is taken.
ZONE=$(python3 -c '
from datetime import datetime, timezone
ahead = (20 - datetime.now(timezone.utc).hour) % 24 - 12
print("Etc/UTC" if ahead == 0 else f"Etc/GMT{-ahead:+d}")')
ME=$(call 200 PATCH /api/v1/me/ "{\"display_name\": \"Frida\", \"timezone\": \"$ZONE\", \"sex\": \"female\", \"birth_date\": \"2001-03-14\",
    \"usual_week\": {\"sessions\": 6, \"session_min\": 70, \"rpe\": 6}, \"morning_deadline\": \"09:30\"}")
TODAY=$(field today <<<"$ME")
shown PATCH /api/v1/me/ "200, today is $TODAY in $ZONE, usual week $(field usual_week <<<"$ME")"

step "Four weeks of history, as a watch and a diary would send it"
python3 - "$TODAY" "$ZONE" >"$SCRATCH/history" <<'PYTHON'
import json, random, sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

today, zone, dice = date.fromisoformat(sys.argv[1]), ZoneInfo(sys.argv[2]), random.Random(400)
watch = {"provider": "garmin", "device_model": "Forerunner 965", "device_type": "watch"}
week = [("track_intervals", 75, 7), ("endurance", 50, 4), None, ("track_sprint", 70, 7.5), ("strength", 60, 5),
        ("track_intervals", 80, 6.5), None]

def at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), zone).isoformat()

def send(path, name, day, **record):
    print(path, json.dumps({"client_record_id": f"{name}-{day}", **record}), sep="\t")

def night(day):
    asleep = int(dice.gauss(7.4, 0.6) * 3600)
    end = datetime.combine(day, time(6, 40), zone)
    send("sleep-sessions", "night", day, source=watch, start_at=(end - timedelta(seconds=asleep + 1500)).isoformat(),
         end_at=end.isoformat(), duration_s=asleep, score=round(min(98, dice.gauss(78, 6))))
    send("hrv-readings", "hrv", day, source=watch, measured_at=at(day, 6, 40), metric="rmssd",
         context="overnight_mean", value_ms=round(58 * 2.718 ** dice.gauss(0, 0.12), 1))

for ago in range(28, 0, -1):
    day = today - timedelta(days=ago)
    night(day)
    if session := week[day.weekday()]:
        kind, minutes, rpe = session
        send("training-sessions", "session", day, started_at=at(day, 17, 30), kind=kind, rpe=rpe,
             duration_min=minutes + dice.randrange(-5, 6))
    else:
        send("rest-days", "rest", day, date=day.isoformat())
    if day.weekday() == 5 or ago == 28:
        send("performance-tests", "trial", day, tested_at=at(day, 11), time_s=round(dice.gauss(56.8, 0.4), 2), timing="hand")
PYTHON
while IFS=$'\t' read -r path record; do
    call 201 POST "/api/v1/$path/" "$record" >/dev/null
done <"$SCRATCH/history"
cut -f1 "$SCRATCH/history" | sort | uniq -c | while read -r count path; do
    shown POST "/api/v1/$path/" "201, $count times"
done
read -r path record < <(grep training-sessions "$SCRATCH/history" | tail -1)
[ "$(call 200 POST "/api/v1/$path/" "$record" | field status)" = unchanged ] || fail "the same record again is not unchanged"
shown POST "/api/v1/$path/" "200, unchanged: the same record again is harmless"

step "The phone asks for pushes"
call 201 POST /api/v1/devices/ \
    "{\"kind\": \"webpush\", \"name\": \"Frida's phone\", \"subscription\": $(cat "$SCRATCH/subscription")}" >/dev/null
shown POST /api/v1/devices/ "201, a web push subscription"

step "Before the morning is reported"
shown GET /api/v1/advice/today/ "200, $(call 200 GET /api/v1/advice/today/ | field status)"

step "The morning check-in, and advice"
CHECK_IN='{"scale": "mclean_1_5", "fatigue": 4, "sleep_quality": 4, "muscle_soreness": 4, "stress": 4, "mood": 5, "sleep_duration_min": 455}'
call 201 PUT "/api/v1/check-ins/$TODAY/" "$CHECK_IN" >/dev/null
shown PUT "/api/v1/check-ins/$TODAY/" 201
[ "$(call 200 PUT "/api/v1/check-ins/$TODAY/" "$CHECK_IN" | field status)" = unchanged ] || fail "a repeated check-in changed something"
shown PUT "/api/v1/check-ins/$TODAY/" "200, unchanged: the date is its key"
advice_is() { [ "$(call 200 GET /api/v1/advice/today/ | field status)" = "$1" ]; }
wait_for 20 advice_is provisional
shown GET /api/v1/advice/today/ "200, provisional: the watch has not synced yet"
REFUSED=$(call 400 POST /api/v1/hrv-readings/ "{\"client_record_id\": \"hrv-$TODAY\", \"measured_at\": \"${TODAY}T06:40:00\", \"value_ms\": 0}")
shown POST /api/v1/hrv-readings/ "400, and what was wrong with it:"
field errors <<<"$REFUSED" | sed 's/}, /},\n/g; s/^/       /' | sed 's/^ *{/       {/'
OFFSET=$(python3 -c "from datetime import datetime; from zoneinfo import ZoneInfo; print(datetime.now(ZoneInfo('$ZONE')).isoformat()[-6:])")
WATCH='"source": {"provider": "garmin", "device_model": "Forerunner 965", "device_type": "watch"}'
call 201 POST /api/v1/hrv-readings/ "{\"client_record_id\": \"hrv-$TODAY\", $WATCH, \"measured_at\": \"${TODAY}T06:40:00$OFFSET\",
    \"metric\": \"rmssd\", \"context\": \"overnight_mean\", \"value_ms\": 61.5}" >/dev/null
call 201 POST /api/v1/sleep-sessions/ "{\"client_record_id\": \"night-$TODAY\", $WATCH, \"start_at\": \"$(python3 -c "
from datetime import date, timedelta; print(date.fromisoformat('$TODAY') - timedelta(days=1))")T22:50:00$OFFSET\",
    \"end_at\": \"${TODAY}T06:40:00$OFFSET\", \"duration_s\": 27000, \"score\": 82}" >/dev/null
shown POST "/api/v1/hrv-readings/, sleep-sessions/" "201, the watch has synced"
wait_for 20 advice_is final
ADVICE=$(call 200 GET /api/v1/advice/today/)
ADVICE_ID=$(field id <<<"$ADVICE")
shown GET /api/v1/advice/today/ "200, final, revision $(field revision <<<"$ADVICE"), stage $(field stage <<<"$ADVICE")"
for name in action policy_action headline prescription q_values reasons guards model; do
    printf '       %-14s %s\n' "$name" "$(field "$name" <<<"$ADVICE" | cut -c1-240)"
done
ETAG=$(curl -sS -o /dev/null -D - "$API/api/v1/advice/today/" -H "Authorization: Bearer $TOKEN" | tr -d '\r' | sed -n 's/^etag: //Ip')
NOT_MODIFIED=$(curl -sS -o /dev/null -w '%{http_code}' "$API/api/v1/advice/today/" -H "Authorization: Bearer $TOKEN" -H "If-None-Match: $ETAG")
[ "$NOT_MODIFIED" = 304 ] || fail "polling again with its ETag answered $NOT_MODIFIED"
shown GET /api/v1/advice/today/ "304 while nothing has changed"

step "The push, decrypted with the phone's keys"
pushed() { [ -e "$SCRATCH/pushed" ] && grep -q "\"kind\": \"$1\"" "$SCRATCH/pushed"; }
wait_for 30 pushed advice
cat "$SCRATCH/pushed"
grep -Eq 'hrv|rmssd|sleep|load|ms|recovery|intensity' "$SCRATCH/pushed" && fail "a push carries a health value"

step "A coach invites, Frida joins and shares her status"
FRIDA=$TOKEN
CHARLIE=$(sign_in charlie@example.org homestretch-demo | field meta.access_token)
EVE=$(sign_in eve@example.org homestretch-demo | field meta.access_token)
TOKEN=$CHARLIE
SQUAD=$(call 200 GET /api/v1/squads/ | field results.0.id)
INVITE=$(call 201 POST "/api/v1/squads/$SQUAD/invites/" | field code)
shown POST "/api/v1/squads/$SQUAD/invites/" "201, a code for one athlete"
call 404 POST "/api/v1/advice/$ADVICE_ID/override/" '{"action": "as_planned", "reason_code": "other"}' >/dev/null
shown POST /api/v1/advice/.../override/ "404, before she is in the squad"
TOKEN=$FRIDA
call 201 POST /api/v1/squads/join/ "{\"code\": \"$INVITE\", \"shares_status\": true}" >/dev/null
shown POST /api/v1/squads/join/ 201

step "The coach overrules; the athlete is told"
ACTION=$(field action <<<"$ADVICE")
OTHER=$([ "$ACTION" = active_recovery ] && echo as_planned || echo active_recovery)
TOKEN=$EVE
call 404 POST "/api/v1/advice/$ADVICE_ID/override/" "{\"action\": \"$OTHER\", \"reason_code\": \"other\"}" >/dev/null
shown POST /api/v1/advice/.../override/ "404, by another squad's coach"
TOKEN=$CHARLIE
call 201 POST "/api/v1/advice/$ADVICE_ID/override/" \
    "{\"action\": \"$OTHER\", \"reason_code\": \"seen_at_training\", \"note\": \"Heavy legs yesterday. Take a day.\"}" >/dev/null
shown POST /api/v1/advice/.../override/ "201, $ACTION -> $OTHER by Charlie"
TOKEN=$FRIDA
ADVICE=$(call 200 GET /api/v1/advice/today/)
[ "$(field status <<<"$ADVICE")" = overridden ] || fail "the athlete does not see the override: $ADVICE"
[ "$(field override.action <<<"$ADVICE")" = "$OTHER" ] || fail "another action than the coach's: $ADVICE"
shown GET /api/v1/advice/today/ "200, overridden: $(field override <<<"$ADVICE" | cut -c1-200)"
wait_for 30 pushed override
tail -1 "$SCRATCH/pushed"
call 200 PUT "/api/v1/advice/$ADVICE_ID/feedback/" '{"followed": "yes", "agreement": 5}' >/dev/null
shown PUT /api/v1/advice/.../feedback/ 200

step "Sign out; the token dies at once"
call 401 DELETE /_allauth/app/v1/auth/session >/dev/null
call 401 GET /api/v1/me/ >/dev/null
shown GET /api/v1/me/ "401"
printf '\nAll as expected.\n'
