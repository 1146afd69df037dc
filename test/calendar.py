# Deadlines by calendars, computed without taskq, for test/t/023_calendar.pl.
# Reads on stdin, separated by tabs, instants in microseconds since 1970:
#   calendar name zone step first last windows holidays
#     windows: weekday:opens-closes, minutes of the day, separated by spaces
#     holidays: list/date/yearly/opens/closes, "-" if closed all day
#   case id calendar start usec
# Prints id and deadline, or "beyond" if it is not before "last".
#
# The real time line is walked in steps, of so many minutes that every offset and
# clock change is a multiple of them, and asked what the wall clock reads.
import bisect
import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo


def windows_on(day, week, holidays):
    for number in sorted({h[0] for h in holidays}):
        named = [h for h in holidays if h[0] == number and not h[2] and h[1] == day]
        if not named:
            named = [h for h in holidays if h[0] == number and h[2] and (h[1].month, h[1].day) == (day.month, day.day)]
        if named:
            return [] if any(h[3] is None for h in named) else [h[3:] for h in named]
    return week.get(day.isoweekday(), [])


def minutes_open(zone, step, first, last, week, holidays):
    """Instants in seconds at which open minutes begin."""
    rules = {}
    for at in range(first, last, step * 60):
        local = datetime.fromtimestamp(at, zone)
        day = local.date()
        if day not in rules:
            rules[day] = windows_on(day, week, holidays)
        now = local.hour * 60 + local.minute
        for minute in range(now, now + step):
            if any(opens <= minute < closes for opens, closes in rules[day]):
                yield at + (minute - now) * 60


def deadline(minutes, start, usec):
    """The first instant with so much open time since start."""
    at = bisect.bisect_right(minutes, start // 1000000) - 1
    if at >= 0 and start < (minutes[at] + 60) * 1000000:
        usec += start - minutes[at] * 1000000
    else:
        at += 1
    at += (usec - 1) // 60000000
    if at >= len(minutes):
        return "beyond"
    return minutes[at] * 1000000 + (usec - 1) % 60000000 + 1


def read_holiday(text):
    number, day, yearly, opens, closes = text.split("/")
    hours = (None, None) if opens == "-" else (int(opens), int(closes))
    return (int(number), date.fromisoformat(day), yearly == "t") + hours


def main():
    calendars = {}
    for line in sys.stdin:
        kind, *fields = line.rstrip("\n").split("\t")
        if kind == "calendar":
            name, zone, step, first, last, windows, holidays = fields
            week = {}
            for window in windows.split():
                weekday, hours = window.split(":")
                week.setdefault(int(weekday), []).append(tuple(map(int, hours.split("-"))))
            calendars[name] = list(minutes_open(
                ZoneInfo(zone), int(step), int(first) // 1000000, int(last) // 1000000,
                week, [read_holiday(h) for h in holidays.split()]))
        else:
            number, name, start, usec = fields
            print(number, deadline(calendars[name], int(start), int(usec)), sep="\t")


main()
