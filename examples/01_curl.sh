#!/bin/sh
# Enrols a door over the API, sends an event as that door, and asks what became of it.
# Wants LINTEL_TOKEN; LINTEL_HTTP, LINTEL_MQTT_HOST and LINTEL_MQTT_PORT where they are not the defaults.
set -eu
http=${LINTEL_HTTP:-http://127.0.0.1:8080}
ask() {
  path=$1
  shift
  curl --silent --show-error --fail-with-body -H "Authorization: Bearer $LINTEL_TOKEN" "$@" "$http/api/v1/$path"
  echo
}

echo '# Health, which needs no token'
curl --silent --show-error --fail "$http/api/v1/health"
echo

echo '# A door is enrolled; its token is shown this once. One that is there gets a new token.'
door='{"device":"curl-door","kind":"terminal","site":"nanshe","building":"b01","point":"d1"}'
answer=$(ask devices -H 'Content-Type: application/json' -d "$door")
case $answer in
  *'"token"'*) ;;
  *) answer=$(ask devices/curl-door/rotate -X POST) ;;
esac
token=$(printf %s "$answer" | sed -E 's/.*"token":"([^"]+)".*/\1/')

echo '# An event. mosquitto_pub ends once it is acked, so once it is on disk. The same id again counts once.'
id=$(cat /proc/sys/kernel/random/uuid)
event='{"id":"'$id'","type":"passage","time":"'$(date -u +%FT%TZ)'","data":{"direction":"in","result":"granted","method":"card"}}'
for _ in 1 2; do
  mosquitto_pub -h "${LINTEL_MQTT_HOST:-127.0.0.1}" -p "${LINTEL_MQTT_PORT:-1883}" -q 1 \
    -i curl-door -u curl-door -P "$token" -t lintel/v1/curl-door/event -m "$event"
done

echo '# What came in and what is where, by device: the difference is 0'
ask ledger
echo '# Passages of today by hour, of UTC'
sleep 1
ask "flow?measure=passages&from=$(date -u +%F)&to=$(date -u -d tomorrow +%F)&every=1h&by=site,building&zone=UTC"
