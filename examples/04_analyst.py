"""Weekdays against weekends: passages a day of each building, with Python's own library alone.

    LINTEL_TOKEN=… python3 04_analyst.py [DAYS]

Asks http://127.0.0.1:8080 unless LINTEL_HTTP says otherwise, for the last DAYS whole days (28). A token of an analyst
is enough: lintel token create notebook --role analyst
"""
import collections
import datetime
import json
import os
import sys
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
import zoneinfo

ZONE = os.environ.get("LINTEL_ZONE", "Asia/Shanghai")


def ask(path, **query):
    base = os.environ.get("LINTEL_HTTP", "http://127.0.0.1:8080")
    request = urllib.request.Request(f"{base}/api/v1/{path}?{urllib.parse.urlencode(query)}")
    request.add_header("Authorization", f"Bearer {os.environ['LINTEL_TOKEN']}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        sys.exit(f"{base} answers {error.code}: {error.read().decode()}")
    except urllib.error.URLError as error:
        sys.exit(f"{base} does not answer: {error.reason}")


def is_weekend(start):
    return datetime.datetime.fromisoformat(start).isoweekday() > 5


def main(days=28):
    today = datetime.datetime.now(zoneinfo.ZoneInfo(ZONE)).date()
    first = today - datetime.timedelta(days=days)
    # "to" is not included: today is not over.
    answer = ask("flow", measure="passages", every="1d", by="site,building", zone=ZONE, **{"from": first, "to": today})

    # By site, building and whether it is a weekend. A step in which nothing happened has no row.
    counts, hidden = collections.Counter(), collections.Counter()
    for row in answer["rows"]:
        key = (*row["values"], is_weekend(row["start"]))
        # None: too small to be told, neither a number nor nothing. With "hidden" the count is a lower bound.
        if row["count"] is None or row.get("hidden"):
            hidden[key] += 1
        else:
            counts[key] += row["count"]

    if not counts and not hidden:
        sys.exit(f"nobody passed from {first} to {today}, or nothing was reported")
    dates = [first + datetime.timedelta(days=i) for i in range(days)]
    weekends = sum(date.isoweekday() > 5 for date in dates)
    print(f"passages a day, {first} to {today}, {ZONE}")
    print(f"{'site':<16}{'building':<16}{'weekdays':>10}{'weekends':>10}{'ratio':>8}")
    for place in sorted({key[:2] for key in [*counts, *hidden]}):
        means = []
        for weekend, of in ((False, days - weekends), (True, weekends)):
            told = of - hidden[(*place, weekend)]
            means.append(counts[(*place, weekend)] / told if told > 0 else None)
        weekday, weekend = means
        ratio = weekend / weekday if weekday and weekend is not None else None
        print(f"{wide(place[0], 16)}{wide(place[1], 16)}{text(weekday, 1):>10}{text(weekend, 1):>10}{text(ratio, 2):>8}")
    if hidden:
        print(f"{sum(hidden.values())} days of buildings cannot be told, or only in part: they are left out of the means")


def wide(name, width):
    """A Chinese character takes two columns."""
    taken = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in name)
    return name + " " * (width - taken)


def text(number, digits):
    return "-" if number is None else f"{number:.{digits}f}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
