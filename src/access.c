/*-------------------------------------------------------------------------
 *
 * access.c
 *		Who may do what: the three levels, as grants.
 *
 * A level is a set of ordinary privileges, so that psql shows them and
 * pg_dump keeps them.  What was given to whom stands in taskq_role_grant too,
 * for a new version may have objects that a level needs.
 *
 *-------------------------------------------------------------------------
 */
#include "taskq.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

typedef enum Level
{
	LEVEL_NONE = -1,
	LEVEL_VIEWER,
	LEVEL_AGENT,
	LEVEL_MANAGER
} Level;

static const char *const level_names[] = {"viewer", "agent", "manager"};

/* Each level has its own lines and those of the levels before it. */
static const struct
{
	Level		level;
	const char *what;
}			privileges[] = {
	{LEVEL_VIEWER, "USAGE ON TYPE @.taskq_priority, @.taskq_status, @.taskq_sla_status, @.taskq_queue_row"},
	{LEVEL_VIEWER, "SELECT ON TABLE @.taskq_staff_member, @.taskq_customer, @.taskq_task, "
		"@.taskq_task_event, @.taskq_task_history, @.taskq_tasks, @.taskq_queue, @.taskq_queue_stats, "
	"@.taskq_workload, @.taskq_sla_violations, @.taskq_sweep_log, @.taskq_worker_status, "
		"@.taskq_workflow_rule, @.taskq_workflow_run, @.taskq_renewal, @.taskq_renewals, "
	"@.taskq_renewal_threshold, @.taskq_renewal_crossing"},
	{LEVEL_VIEWER, "EXECUTE ON ROUTINE @.taskq_priority_rank, @.taskq_today, @.taskq_day_start, "
		"@.taskq_actor, @.taskq_title_is_valid, @.taskq_phase, @.taskq_effective_status, "
	"@.taskq_sla_status_at, @.taskq_queue_page, @.taskq_queue_count, @.taskq_stats, @.taskq_sla_report, "
	"@.taskq_worker_get_status, @.taskq_render, @.taskq_template_check, @.taskq_event_check, @.taskq_renewal_ladder"},
	{LEVEL_AGENT, "INSERT (title, description, priority, status, due_date, sla_hours, assignee_id, "
	"user_id, source, dedupe_key) ON TABLE @.taskq_task"},
	{LEVEL_AGENT, "UPDATE (title, description, priority, status, due_date, sla_hours, assignee_id) "
	"ON TABLE @.taskq_task"},
	{LEVEL_AGENT, "EXECUTE ON ROUTINE @.taskq_create, @.taskq_create_json, @.taskq_start, "
		"@.taskq_start_many, @.taskq_complete, @.taskq_complete_many, @.taskq_cancel, @.taskq_cancel_many, "
		"@.taskq_assign, @.taskq_assign_many, @.taskq_reschedule, @.taskq_reschedule_many, "
		"@.taskq_prioritize, @.taskq_prioritize_many, @.taskq_set_sla, @.taskq_set_sla_many, "
	"@.taskq_edit, @.taskq_edit_many, @.taskq_comment, @.taskq_comment_many, @.taskq_claim, "
	"@.taskq_renewal_create, @.taskq_renewal_complete, @.taskq_renewal_cancel, @.taskq_emit"},
	{LEVEL_AGENT, "INSERT (user_id, service_type, due_date, assignee_id, reference, notes) ON TABLE @.taskq_renewal"},
	{LEVEL_AGENT, "UPDATE (service_type, due_date, assignee_id, reference, notes, status) ON TABLE @.taskq_renewal"},
	{LEVEL_MANAGER, "DELETE ON TABLE @.taskq_task"},
	{LEVEL_MANAGER, "INSERT, UPDATE, DELETE ON TABLE @.taskq_staff_member, @.taskq_customer, "
	"@.taskq_workflow_rule, @.taskq_renewal_threshold"},
	{LEVEL_MANAGER, "SELECT ON TABLE @.taskq_erasure"},
	{LEVEL_MANAGER, "EXECUTE ON ROUTINE @.taskq_sweep, @.taskq_sweep_all, @.taskq_purge, @.taskq_mirror, @.taskq_worker_wake, "
	"@.taskq_renewals_refresh, @.taskq_emit_change, @.taskq_emit_dry_run, @.taskq_erase_customer"}
};

/* Everything of the extension that privileges can be granted on. */
static TaskqPlan list_members = {
	"SELECT CASE WHEN d.classid " EQ " 'pg_catalog.pg_proc'::pg_catalog.regclass THEN 'ROUTINE' "
	"WHEN d.classid " EQ " 'pg_catalog.pg_type'::pg_catalog.regclass THEN 'TYPE' "
	"WHEN c.relkind " EQ " 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, "
	"(pg_catalog.pg_identify_object(d.classid, d.objid, 0)).identity "
	"FROM pg_catalog.pg_depend d "
	"LEFT JOIN pg_catalog.pg_class c ON d.classid " EQ " 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid " EQ " d.objid "
	"LEFT JOIN pg_catalog.pg_type t ON d.classid " EQ " 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid " EQ " d.objid "
	"LEFT JOIN pg_catalog.pg_class tc ON tc.oid " EQ " t.typrelid "
	"WHERE d.refclassid " EQ " 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid " EQ " $1 AND d.deptype " EQ " 'e' "
	"AND (d.classid " EQ " 'pg_catalog.pg_proc'::pg_catalog.regclass "
	"OR c.relkind " EQ " ANY ('{r,v,S}'::pg_catalog.\"char\"[]) "
	"OR t.typtype " EQ " 'e' OR tc.relkind " EQ " 'c')"
};
static TaskqPlan upsert_grant = {
	"INSERT INTO @.taskq_role_grant AS g (role_name, level) VALUES ($1, $2) "
	"ON CONFLICT (role_name) DO UPDATE SET level = excluded.level, "
	"granted_at = excluded.granted_at, granted_by = excluded.granted_by"
};
static TaskqPlan delete_grant = {
	"DELETE FROM @.taskq_role_grant WHERE role_name " EQ " $1"
};
static TaskqPlan list_grants = {
	"SELECT role_name, level FROM @.taskq_role_grant ORDER BY role_name"
};

static void
run_utility(const char *statement)
{
	int			result = SPI_execute(statement, false, 0);

	if (result != SPI_OK_UTILITY)
		elog(ERROR, "could not run \"%s\": %s", statement, SPI_result_code_string(result));
}

/*
 * 42501 unless the caller may act for the owner of taskq_task; acts for it
 * until become_caller_again(), with SPI connected.
 */
static void
begin_granting(OwnerSwitch *saved)
{
	Oid			caller = GetUserId();

	spi_connect();
	become_owner_of(taskq_catalog()->task, saved);
	if (!has_privs_of_role(caller, GetUserId()))
	{
		become_caller_again(saved);
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only the owner of taskq_task and superusers may grant levels")));
	}
}

static void
end_granting(const OwnerSwitch *saved)
{
	become_caller_again(saved);
	SPI_finish();
}

/* Takes everything that is on the extension's objects from a role. */
static void
revoke_all(const char *grantee)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(taskq_catalog()->extension)};
	SPITupleTable *members;
	uint64		n;

	spi_run(&list_members, 1, types, values, NULL, 0);
	members = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
		run_utility(psprintf("REVOKE ALL ON %s %s FROM %s CASCADE",
							 SPI_getvalue(members->vals[i], members->tupdesc, 1),
							 SPI_getvalue(members->vals[i], members->tupdesc, 2), grantee));
}

/* Privileges of a level to a role that has none, and the way to them. */
static void
give(const char *role, Level level)
{
	const TaskqCatalog *cat = taskq_catalog();
	const char *grantee = quote_identifier(role);

	if (!taskq_may_use_schema(cat->schema, get_role_oid(role, false)))
		run_utility(psprintf("GRANT USAGE ON SCHEMA %s TO %s", quote_identifier(cat->schema_name), grantee));
	for (int i = 0; i < lengthof(privileges); i++)
		if (privileges[i].level <= level)
			run_utility(psprintf("GRANT %s TO %s", qualify(privileges[i].what), grantee));
}

static char *
role_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("role must not be null")));
	(void) get_role_oid(NameStr(*PG_GETARG_NAME(0)), false);
	return NameStr(*PG_GETARG_NAME(0));
}

static Level
find_level(const char *name)
{
	for (int i = 0; i < lengthof(level_names); i++)
		if (strcmp(name, level_names[i]) == 0)
			return (Level) i;
	return LEVEL_NONE;
}

PG_FUNCTION_INFO_V1(taskq_grant);
Datum
taskq_grant(PG_FUNCTION_ARGS)
{
	char	   *role = role_argument(fcinfo);
	Level		level = PG_ARGISNULL(1) ? LEVEL_NONE : find_level(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Oid			types[] = {NAMEOID, TEXTOID};
	Datum		values[2];
	OwnerSwitch owner;

	if (level == LEVEL_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level must be viewer, agent or manager")));
	begin_granting(&owner);
	revoke_all(quote_identifier(role));
	give(role, level);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = CStringGetTextDatum(level_names[level]);
	spi_run(&upsert_grant, 2, types, values, NULL, 0);
	end_granting(&owner);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(taskq_revoke);
Datum
taskq_revoke(PG_FUNCTION_ARGS)
{
	char	   *role = role_argument(fcinfo);
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[] = {NAMEOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	OwnerSwitch owner;

	begin_granting(&owner);
	spi_run(&delete_grant, 1, types, values, NULL, 0);
	if (SPI_processed > 0)
	{
		revoke_all(quote_identifier(role));
		if (cat->schema != PG_PUBLIC_NAMESPACE)
			run_utility(psprintf("REVOKE USAGE ON SCHEMA %s FROM %s",
								 quote_identifier(cat->schema_name), quote_identifier(role)));
	}
	end_granting(&owner);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(taskq_reapply_grants);
Datum
taskq_reapply_grants(PG_FUNCTION_ARGS)
{
	OwnerSwitch owner;
	SPITupleTable *grants;
	uint64		n;

	begin_granting(&owner);
	revoke_all("PUBLIC");
	spi_run(&list_grants, 0, NULL, NULL, NULL, 0);
	grants = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		char	   *role = SPI_getvalue(grants->vals[i], grants->tupdesc, 1);
		char	   *level = SPI_getvalue(grants->vals[i], grants->tupdesc, 2);

		if (!OidIsValid(get_role_oid(role, true)))
		{
			ereport(WARNING,
					(errmsg("role \"%s\" in taskq_role_grant does not exist", role)));
			continue;
		}
		revoke_all(quote_identifier(role));
		give(role, find_level(level));
	}
	end_granting(&owner);
	PG_RETURN_VOID();
}
