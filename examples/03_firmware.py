"""The sender of a door terminal, with paho. An event is on disk before it is sent, and leaves the disk when it has
been acked; whatever has not, goes again with the same id, after a reconnect as after a power cut.

    python3 03_firmware.py HOST PORT DEVICE TOKEN OUTBOX.db [PICTURE.jpg]

Ends with 0 when all is acked, 1 after a minute without success, 2 when it is not let in. Firmware would go on for
ever; use client.tls_set() where the way is not your own wire.
"""
import datetime
import json
import random
import sqlite3
import sys
import time

import paho.mqtt.client as mqtt

PATIENCE_S, ACK_WITHIN_S, LISTEN_S, AT_ONCE = 60, 20, 1, 32


def open_outbox(path):
    outbox = sqlite3.connect(path)
    outbox.executescript("""
        PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS starts (boot INTEGER PRIMARY KEY AUTOINCREMENT);
        CREATE TABLE IF NOT EXISTS messages (position INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, payload BLOB);
    """)
    return outbox


class Sender:
    def __init__(self, host, port, device, token, outbox):
        # Before version 2 of paho there was one way for callbacks; afterwards it has a name.
        version = getattr(mqtt, "CallbackAPIVersion", None)
        self.client = mqtt.Client(*([version.VERSION1] if version else []), client_id=device, clean_session=True)
        self.client.username_pw_set(device, token)
        self.client.will_set(f"lintel/v1/{device}/status", '{"state":"offline"}', qos=1, retain=True)
        self.client.on_connect = self.on_connect
        self.client.on_publish = self.on_publish
        self.client.on_message = lambda _client, _data, message: print("told", message.payload.decode())
        self.host, self.port, self.device, self.outbox = host, port, device, outbox
        self.waiting = {}  # message id -> position; sent, not acked
        self.refused = False
        self.last_ack = None

    def on_connect(self, client, _data, _flags, code):
        if code in (4, 5):  # wrong token, or disabled: trying again will not help
            self.refused = True
            why = "unknown device or wrong token" if code == 4 else "disabled, or ids differ"
            print(f"not let in (return code {code}): {why}", file=sys.stderr)
        if code == 0:
            client.subscribe(f"lintel/v1/{self.device}/command", qos=1)
            client.publish(f"lintel/v1/{self.device}/status", '{"state":"online","firmware":"1.0.0"}', 1, True)
            self.last_ack = time.monotonic()

    def on_publish(self, _client, _data, mid):
        """The ack. What paho had on its way when a connection broke, it sends again itself, under the same mid."""
        self.last_ack = time.monotonic()
        position = self.waiting.pop(mid, None)
        if position is not None:
            with self.outbox:
                self.outbox.execute("DELETE FROM messages WHERE position = ?", (position,))
            print("acked", position)

    def send_outbox(self):
        rows = self.outbox.execute("SELECT * FROM messages ORDER BY position LIMIT ?", (AT_ONCE,)).fetchall()
        for position, topic, payload in rows:
            self.waiting[self.client.publish(topic, payload, qos=1).mid] = position
        return len(rows)

    def run(self):
        """Until everything is acked; whether it is."""
        give_up, done, pause, code = time.monotonic() + PATIENCE_S, None, 0.5, mqtt.MQTT_ERR_NO_CONN
        while not self.refused and time.monotonic() < give_up:
            if done is not None and time.monotonic() > done + LISTEN_S:
                break
            if code == mqtt.MQTT_ERR_SUCCESS:
                code = self.client.loop(timeout=0.1)
            # Silence is no ack: a new connection, on which it goes again.
            if self.waiting and time.monotonic() > self.last_ack + ACK_WITHIN_S:
                code = mqtt.MQTT_ERR_CONN_LOST
            if code != mqtt.MQTT_ERR_SUCCESS and not self.refused:
                code = self.connect()
                if code != mqtt.MQTT_ERR_SUCCESS:
                    # Random and growing: a power cut brings back a whole town at once.
                    time.sleep(pause * random.uniform(0.5, 1.5))
                    pause = min(pause * 2, 60)
            elif self.last_ack is not None and not self.waiting and done is None and self.send_outbox() == 0:
                done = time.monotonic()
        self.client.publish(f"lintel/v1/{self.device}/status", '{"state":"offline"}', 1, True)
        self.client.disconnect()
        return done is not None

    def connect(self):
        try:
            self.last_ack = self.last_ack and time.monotonic()
            return self.client.connect(self.host, self.port, keepalive=30)
        except OSError:
            return mqtt.MQTT_ERR_NO_CONN


def main(host, port, device, token, path, picture=None):
    outbox = open_outbox(path)
    # An id is unique for ever without a clock: starts are counted on disk, and events within a start.
    with outbox:
        boot = outbox.execute("INSERT INTO starts DEFAULT VALUES").lastrowid
    event = {
        "id": f"p{boot}-{1:06}",
        "type": "passage",
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "data": {"direction": "out", "result": "granted", "method": "button"},
    }
    messages = [(f"lintel/v1/{device}/event", json.dumps(event).encode())]
    if picture is not None:
        with open(picture, "rb") as file:
            messages.append((f"lintel/v1/{device}/snapshot/{event['id']}", file.read()))
    with outbox:
        outbox.executemany("INSERT INTO messages (topic, payload) VALUES (?, ?)", messages)
    sender = Sender(host, int(port), device, token, outbox)
    sent = sender.run()
    if not sent and not sender.refused:
        print(f"not all was acked in {PATIENCE_S} s: it stays in {path}", file=sys.stderr)
    return 2 if sender.refused else 0 if sent else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:7]))
