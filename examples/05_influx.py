"""The busiest hour of each building in the last days, asked of the InfluxDB that is the store, with Python's own
library alone.

    python3 05_influx.py [DAYS]

Asks http://127.0.0.1:8086 for the database lintel unless INFLUX_URL and INFLUX_DATABASE say otherwise. With version 2
give INFLUX_TOKEN: it answers InfluxQL, too, with the bucket as the database.
"""
import datetime
import json
import os
import sys
import urllib.parse
import urllib.request


def ask(statement):
    base = os.environ.get("INFLUX_URL", "http://127.0.0.1:8086")
    form = {"q": statement, "db": os.environ.get("INFLUX_DATABASE", "lintel"), "epoch": "s"}
    request = urllib.request.Request(f"{base}/query", data=urllib.parse.urlencode(form).encode())
    if "INFLUX_TOKEN" in os.environ:
        request.add_header("Authorization", f"Token {os.environ['INFLUX_TOKEN']}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        result = json.load(answer)["results"][0]
    if "error" in result:
        sys.exit(result["error"])
    return result.get("series", [])


def main(days=7):
    # n is 1 in every row. Hours begin at whole hours of UTC, and so of every zone with whole hours.
    hours = f"""SELECT sum("n") AS "n" FROM "passage" WHERE time > now() - {days}d AND time <= now()
        AND "result" = 'granted' GROUP BY time(1h), "site", "building" """
    for series in ask(f'SELECT max("n") FROM ({hours}) GROUP BY "site", "building"'):
        (start, most), place = series["values"][0], series["tags"]
        hour = datetime.datetime.fromtimestamp(start, datetime.timezone.utc).isoformat(timespec="minutes")
        print(f"{place['site']:<16}{place['building']:<16}{hour}  {most} passages")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
