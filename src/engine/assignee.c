/*-------------------------------------------------------------------------
 *
 * assignee.c
 *		Who gets the task that a rule creates or assigns, and about whom it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/snapmgr.h"

#include "base/catalog.h"
#include "base/plan.h"
#include "task/create.h"
#include "task/directory.h"
#include "engine/assignee.h"
#include "engine/rule.h"
#include "engine/template.h"

static TaskqPlan customer_agent = {
	"SELECT c.assigned_agent_id FROM @.taskq_customer c WHERE c.id " EQ " $1"
};
static TaskqPlan least_loaded = {
	"SELECT s.id FROM @.taskq_staff_member s "
	"LEFT JOIN @.taskq_workflow_turn w ON w.staff_id " EQ " s.id "
	"CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS active FROM @.taskq_task t WHERE t.assignee_id " EQ " s.id "
	"AND " ACTIVE_STAGE " AND @paused_at IS NULL) n "
	"WHERE s.is_active AND ($1::pg_catalog.text[] IS NULL OR s.id " EQ " ANY ($1)) "
	"ORDER BY n.active, w.turn NULLS FIRST, s.id LIMIT 1"
};
static TaskqPlan take_turn = {
	"INSERT INTO @.taskq_workflow_turn AS w (staff_id, turn) "
	"SELECT $1, coalesce(pg_catalog.max(m.turn), 0) OPERATOR(pg_catalog.+) 1 FROM @.taskq_workflow_turn m "
	"ON CONFLICT (staff_id) DO UPDATE SET turn = excluded.turn"
};
static Datum
first_column(bool *isnull)
{
	Datum		value;

	*isnull = SPI_processed == 0;
	if (*isnull)
		return (Datum) 0;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
	return *isnull ? (Datum) 0 : datumCopy(value, false, -1);
}

/*
 * The active member of a pool with the fewest active tasks that are not paused.
 * An advisory lock until the end of the transaction serializes choices, and the
 * latest snapshot shows what earlier ones have assigned.
 */
static char *
choose_least_loaded(Datum pool)
{
	LOCKTAG		tag;
	Oid			types[] = {TEXTARRAYOID};
	Datum		values[] = {pool};
	char		nulls[] = {pool == (Datum) 0 ? 'n' : ' '};
	Oid			turn_types[] = {TEXTOID};
	Datum		chosen;
	bool		isnull;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, taskq_catalog()->extension, 0, 2);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	if (SPI_execute_snapshot(prepared(&least_loaded, 1, types), values, nulls,
							 GetLatestSnapshot(), InvalidSnapshot, true, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not choose an assignee");
	chosen = first_column(&isnull);
	if (isnull)
		return NULL;
	spi_run(&take_turn, 1, turn_types, &chosen, NULL, 0);
	return TextDatumGetCString(chosen);
}

/* An id from a payload, truncated for a message. */
static char *
shown(const char *id)
{
	return pnstrdup(id, pg_mbcliplen(id, (int) strlen(id), 64));
}

/* What the payload holds at a path of the rule's, NULL if nothing, which is noted. */
static char *
look_up_noted(const Firing *f, const char *column, const char *path, char **notes)
{
	char	   *value = template_lookup(f->payload, path);

	if (value == NULL)
		add_note(notes, psprintf("%s %s has no value in the payload", column, path));
	return value;
}

/* The customer whom the task is to be about, or NULL. */
char *
customer_of(const Firing *f, char **notes)
{
	if (f->rule->user_id_path == NULL)
		return f->user_id;
	return look_up_noted(f, "user_id_path", f->rule->user_id_path, notes);
}

/* The agent of the customer whom the task is to be about, or NULL, which is noted. */
static char *
agent_of(const char *customer, char **notes)
{
	Oid			types[] = {TEXTOID};
	Datum		values[1];
	Datum		agent;
	bool		isnull;

	if (customer == NULL)
	{
		add_note(notes, pstrdup("there is no customer whose agent could be the assignee"));
		return NULL;
	}
	values[0] = CStringGetTextDatum(customer);
	spi_run(&customer_agent, 1, types, values, NULL, 1);
	agent = first_column(&isnull);
	if (isnull)
		add_note(notes, psprintf("customer \"%s\" has no agent", shown(customer)));
	return isnull ? NULL : TextDatumGetCString(agent);
}

/* The assignee that the rule asks for, NULL = nobody; why nobody is noted. */
char *
assignee_of(const Firing *f, const char *customer, char **notes)
{
	const Rule *rule = f->rule;
	char	   *id = rule->assignee_id;

	if (rule->assignee_path)
		id = look_up_noted(f, "assignee_path", rule->assignee_path, notes);
	else if (rule->customer_agent)
		id = agent_of(customer, notes);
	else if (rule->least_loaded)
	{
		id = choose_least_loaded(rule->assignee_pool);
		if (id == NULL)
			add_note(notes, pstrdup("there is no active member of staff to choose"));
	}
	if (id != NULL && !staff_is_active(CStringGetTextDatum(id)))
	{
		add_note(notes, psprintf("assignee \"%s\" is not an active member of staff", shown(id)));
		id = NULL;
	}
	return id;
}
