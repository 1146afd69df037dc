/*-------------------------------------------------------------------------
 *
 * assignee.c
 *		Who gets the task that a rule creates or assigns, which team, and about
 *		whom it is.
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
	"SELECT c.assigned_agent_id, @a_is_away FROM @.taskq_customer c "
	"LEFT JOIN @.taskq_staff_member a ON a.id " EQ " c.assigned_agent_id WHERE c.id " EQ " $1"
};
static TaskqPlan least_loaded = {
	"SELECT s.id FROM @.taskq_staff_member s "
	"LEFT JOIN @.taskq_workflow_turn w ON w.staff_id " EQ " s.id "
	"CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS active FROM @.taskq_task t WHERE t.assignee_id " EQ " s.id "
	"AND " ACTIVE_STAGE " AND @paused_at IS NULL) n "
	"WHERE s.is_active AND NOT @s_is_away AND ($1::pg_catalog.text[] IS NULL OR s.id " EQ " ANY ($1)) "
	"ORDER BY n.active, w.turn NULLS FIRST, s.id LIMIT 1"
};
static TaskqPlan take_turn = {
	"INSERT INTO @.taskq_workflow_turn AS w (staff_id, turn) "
	"SELECT $1, coalesce(pg_catalog.max(m.turn), 0) OPERATOR(pg_catalog.+) 1 FROM @.taskq_workflow_turn m "
	"ON CONFLICT (staff_id) DO UPDATE SET turn = excluded.turn"
};
static TaskqPlan team_members = {
	"SELECT ARRAY(SELECT m.staff_id FROM @.taskq_team_member m WHERE m.team_id " EQ " $1)"
};
static TaskqPlan first_team = {
	"SELECT m.team_id FROM @.taskq_team_member m JOIN @.taskq_team t ON t.id " EQ " m.team_id "
	"WHERE m.staff_id " EQ " $1 AND t.is_active ORDER BY m.team_id LIMIT 1"
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
 * The active member of a pool with the fewest active tasks that are not paused,
 * who is not away.
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

/* The active team that a member of staff is in, of several the first; NULL if there is none. */
char *
team_of_staff(const char *staff_id)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(staff_id)};
	Datum		team;
	bool		isnull;

	if (taskq_catalog()->sql_is_older)
		return NULL;
	spi_run(&first_team, 1, types, values, NULL, 1);
	team = first_column(&isnull);
	return isnull ? NULL : TextDatumGetCString(team);
}

/* The ids that LEAST_LOADED chooses from, text[]; 0 = all. */
static Datum
pool_of(const Rule *rule)
{
	Oid			types[] = {TEXTOID};
	Datum		values[1];
	bool		isnull;

	if (rule->assignee_pool != (Datum) 0 || rule->team_id == NULL)
		return rule->assignee_pool;
	values[0] = CStringGetTextDatum(rule->team_id);
	spi_run(&team_members, 1, types, values, NULL, 1);
	return first_column(&isnull);
}

/*
 * The agent of the customer whom the task is to be about, or NULL, which is
 * noted.  If the agent is away it is NULL, and *team is set to the agent's team.
 */
static char *
agent_of(const char *customer, char **team, char **notes)
{
	Oid			types[] = {TEXTOID};
	Datum		values[1];
	Datum		agent;
	char	   *id;
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
	{
		add_note(notes, psprintf("customer \"%s\" has no agent", shown(customer)));
		return NULL;
	}
	id = TextDatumGetCString(agent);
	if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull)))
		return id;
	add_note(notes, psprintf("agent \"%s\" is away", shown(id)));
	*team = team_of_staff(id);
	return NULL;
}

/* Whom the rule gives the task to; why nobody, or no team, is noted. */
Destination
destination_of(const Firing *f, const char *customer, char **notes)
{
	const Rule *rule = f->rule;
	Destination to = {rule->assignee_id, NULL};

	if (rule->assignee_path)
		to.assignee = look_up_noted(f, "assignee_path", rule->assignee_path, notes);
	else if (rule->customer_agent)
		to.assignee = agent_of(customer, &to.team, notes);
	else if (rule->least_loaded)
	{
		to.assignee = choose_least_loaded(pool_of(rule));
		if (to.assignee == NULL)
			add_note(notes, pstrdup("there is no member of staff to choose who is active and not away"));
	}
	if (to.assignee != NULL && !staff_is_active(CStringGetTextDatum(to.assignee)))
	{
		add_note(notes, psprintf("assignee \"%s\" is not an active member of staff", shown(to.assignee)));
		to.assignee = NULL;
	}
	if (rule->team_id != NULL && team_is_active(CStringGetTextDatum(rule->team_id)))
		to.team = rule->team_id;
	else if (rule->team_id != NULL)
		add_note(notes, psprintf("team \"%s\" is not active", shown(rule->team_id)));
	return to;
}
