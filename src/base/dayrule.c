/*-------------------------------------------------------------------------
 *
 * dayrule.c
 *		When a calendar is open on a date, by its wall clock.
 *
 * A date is ruled by a holiday, if one of the calendar's lists names it, else
 * by its day of the week.  Of several lists the first says all.  In one list a
 * dated row takes the place of yearly ones, and a row that closes the day that
 * of rows with hours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "base/dayrule.h"

/* Key of a day of any year. */
#define YEARLY_KEY(month, day) ((month) * 32 + (day))
#define YEARLY_KEYS YEARLY_KEY(13, 0)

struct DayRules
{
	DayRule		week[7];		/* Monday first */
	int			ndated;
	DayRule    *dated;			/* sorted by day */
	DayRule    *yearly[YEARLY_KEYS];
	bool		any_yearly;
};

static int
compare_windows(const void *a, const void *b)
{
	const SpanWindow *w1 = a;
	const SpanWindow *w2 = b;

	if (w1->opens != w2->opens)
		return w1->opens < w2->opens ? -1 : 1;
	return 0;
}

/* Sorts a rule's windows, and joins those that touch or overlap. */
static void
join_windows(DayRule *rule)
{
	int			n = 0;

	if (rule->n > 1)
		qsort(rule->windows, rule->n, sizeof(SpanWindow), compare_windows);
	for (int i = 0; i < rule->n; i++)
	{
		if (n > 0 && rule->windows[i].opens <= rule->windows[n - 1].closes)
			rule->windows[n - 1].closes = Max(rule->windows[n - 1].closes, rule->windows[i].closes);
		else
			rule->windows[n++] = rule->windows[i];
	}
	rule->n = n;
}

static void
set_week(DayRules *rules, const SpanWindow *windows, int n)
{
	for (int day = 0; day < 7; day++)
	{
		DayRule    *rule = &rules->week[day];

		rule->windows = palloc(Max(n, 1) * sizeof(SpanWindow));
		for (int i = 0; i < n; i++)
			if (windows[i].weekday == day + 1)
				rule->windows[rule->n++] = windows[i];
		join_windows(rule);
	}
}

/* The date of a holiday without its year. */
static int
yearly_key(DateADT day)
{
	int			y,
				m,
				d;

	j2date(day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	return YEARLY_KEY(m, d);
}

/* Dated ones first, by date or day of the year; then by list, closed ones first. */
static int
compare_holidays(const void *a, const void *b)
{
	const SpanHoliday *h1 = a;
	const SpanHoliday *h2 = b;
	int			key1 = h1->yearly ? yearly_key(h1->day) : h1->day;
	int			key2 = h2->yearly ? yearly_key(h2->day) : h2->day;

	if (h1->yearly != h2->yearly)
		return h1->yearly ? 1 : -1;
	if (key1 != key2)
		return key1 < key2 ? -1 : 1;
	if (h1->list != h2->list)
		return h1->list < h2->list ? -1 : 1;
	if (h1->closed != h2->closed)
		return h1->closed ? -1 : 1;
	if (h1->opens != h2->opens)
		return h1->opens < h2->opens ? -1 : 1;
	return 0;
}

static bool
same_day(const SpanHoliday *a, const SpanHoliday *b)
{
	if (a->yearly != b->yearly)
		return false;
	return a->yearly ? yearly_key(a->day) == yearly_key(b->day) : a->day == b->day;
}

/*
 * The rule that n sorted rows for one day make: the first list says all, and in
 * it a row that closes the day.
 */
static void
set_holiday(DayRule *rule, const SpanHoliday *rows, int n)
{
	memset(rule, 0, sizeof(DayRule));
	rule->day = rows[0].day;
	rule->list = rows[0].list;
	rule->label = rows[0].label;
	if (rows[0].closed)
		return;
	rule->windows = palloc(n * sizeof(SpanWindow));
	for (int i = 0; i < n && rows[i].list == rule->list; i++)
	{
		rule->windows[rule->n].weekday = 0;
		rule->windows[rule->n].opens = rows[i].opens;
		rule->windows[rule->n++].closes = rows[i].closes;
	}
	join_windows(rule);
}

static void
set_holidays(DayRules *rules, SpanHoliday *rows, int n)
{
	int			next;

	if (n > 1)
		qsort(rows, n, sizeof(SpanHoliday), compare_holidays);
	rules->dated = palloc(Max(n, 1) * sizeof(DayRule));
	for (int i = 0; i < n; i = next)
	{
		DayRule    *rule;

		for (next = i + 1; next < n && same_day(&rows[i], &rows[next]);)
			next++;
		if (rows[i].yearly)
		{
			rule = palloc(sizeof(DayRule));
			rules->yearly[yearly_key(rows[i].day)] = rule;
			rules->any_yearly = true;
		}
		else
			rule = &rules->dated[rules->ndated++];
		set_holiday(rule, &rows[i], next - i);
	}
}

/*
 * The rules that windows of a week and holidays make, in the current memory
 * context.  Sorts the holidays, whose labels must live as long.
 */
DayRules *
day_rules_create(const SpanWindow *windows, int nwindows, SpanHoliday *holidays, int nholidays)
{
	DayRules   *rules = palloc0(sizeof(DayRules));

	set_week(rules, windows, nwindows);
	set_holidays(rules, holidays, nholidays);
	return rules;
}

static const DayRule *
dated_rule(const DayRules *rules, DateADT day)
{
	int			low = 0;
	int			high = rules->ndated;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (rules->dated[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rules->ndated && rules->dated[low].day == day ? &rules->dated[low] : NULL;
}

/* The rule of a date.  Of two holidays the one of the earlier list, of one list the dated one. */
const DayRule *
day_rule(const DayRules *rules, DateADT day)
{
	const DayRule *dated = dated_rule(rules, day);
	const DayRule *yearly = rules->any_yearly ? rules->yearly[yearly_key(day)] : NULL;
	int			weekday = (day + 5) % 7;	/* 2000-01-01 is a Saturday */

	if (dated != NULL && (yearly == NULL || dated->list <= yearly->list))
		return dated;
	if (yearly != NULL)
		return yearly;
	return &rules->week[weekday < 0 ? weekday + 7 : weekday];
}
