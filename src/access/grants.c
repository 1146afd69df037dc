/*-------------------------------------------------------------------------
 *
 * grants.c
 *		The three levels, as privileges granted to roles.
 *
 * A level is a set of ordinary privileges, so that psql shows them and pg_dump
 * keeps them.  What was granted to whom is stored in taskq_role_grant too,
 * because a new version may have objects that a level needs.  It has roles by
 * name, which a dump can carry, and by OID, which tells a role that was
 * renamed from another that has its old name now.
 *
 * The owner of taskq_task may grant them; that is done with the caller's own
 * rights, because the other objects may have other owners.  Privileges of an
 * owner are never changed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/catalog.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/plan.h"

typedef enum Level
{
	LEVEL_NONE = -1,
	LEVEL_VIEWER,
	LEVEL_AGENT,
	LEVEL_MANAGER
} Level;

static const char *const level_names[] = {"viewer", "agent", "manager"};

/*
 * Each level has its own lines and those of the levels before it.  Objects
 * that a database of an older version does not have are skipped.
 */
static const struct
{
	Level		level;
	const char *what;
	bool		newer;			/* names columns that a database of an older version does not have */
}			privileges[] = {
	{LEVEL_VIEWER, "USAGE ON TYPE @.taskq_priority, @.taskq_status, @.taskq_sla_status, @.taskq_queue_row"},
	{LEVEL_VIEWER, "SELECT ON TABLE @.taskq_staff_member, @.taskq_customer, @.taskq_task, "
		"@.taskq_task_event, @.taskq_task_history, @.taskq_tasks, @.taskq_queue, @.taskq_todo, @.taskq_queue_stats, "
	"@.taskq_workload, @.taskq_team_workload, @.taskq_sla_violations, @.taskq_sla_clocks, @.taskq_sweep_log, @.taskq_worker_status, "
		"@.taskq_workflow_rule, @.taskq_workflow_run, @.taskq_renewal, @.taskq_renewals, "
	"@.taskq_renewal_threshold, @.taskq_renewal_crossing, @.taskq_calendar, @.taskq_calendar_window, @.taskq_holiday, "
	"@.taskq_sla_policy, @.taskq_task_pause, @.taskq_team, @.taskq_team_member, @.taskq_schedule, @.taskq_schedule_run"},
	{LEVEL_VIEWER, "EXECUTE ON ROUTINE @.taskq_priority_rank, @.taskq_today, @.taskq_day_start, "
		"@.taskq_actor, @.taskq_title_is_valid, @.taskq_phase, @.taskq_effective_status, "
	"@.taskq_sla_status_at, @.taskq_search_may_find, @.taskq_queue_page, @.taskq_queue_count, @.taskq_stats, @.taskq_workload_numbers, "
	"@.taskq_active, @.taskq_backlog, @.taskq_public_id, @.taskq_id, "
	"@.taskq_sla_report, @.taskq_sla_report_parts, @.taskq_slot, @.taskq_slot_number, @.taskq_sla_explain, @.taskq_sla_moves, @.taskq_sla_clocks_of, "
	"@.taskq_worker_get_status, @.taskq_render, @.taskq_template_check, @.taskq_event_check, @.taskq_condition_is_predicate, "
	"@.taskq_renewal_ladder, @.taskq_renewal_threshold_day, @.taskq_business_add, @.taskq_business_hours, @.taskq_business_day, "
	"@.taskq_calendar_spans, @.taskq_schedule_dates"},
	{LEVEL_AGENT, "INSERT (title, description, priority, status, due_date, sla_hours, assignee_id, "
	"user_id, source, dedupe_key) ON TABLE @.taskq_task"},
	{LEVEL_AGENT, "UPDATE (title, description, priority, status, due_date, sla_hours, assignee_id) "
	"ON TABLE @.taskq_task"},
	{LEVEL_AGENT, "INSERT (kind, team_id, labels, attributes, follows_id, sla_policy, sla_calendar, sla_from, response_hours) ON TABLE @.taskq_task", true},
	{LEVEL_AGENT, "UPDATE (kind, team_id, labels, attributes, sla_policy, sla_calendar, sla_from, response_hours, paused_at, pause_reason, resume_at) "
	"ON TABLE @.taskq_task", true},
	{LEVEL_AGENT, "EXECUTE ON ROUTINE @.taskq_create, @.taskq_create_json, @.taskq_create_many_json, @.taskq_start, "
		"@.taskq_start_many, @.taskq_complete, @.taskq_complete_many, @.taskq_cancel, @.taskq_cancel_many, "
		"@.taskq_assign, @.taskq_assign_many, @.taskq_assign_team, @.taskq_assign_team_many, @.taskq_reschedule, @.taskq_reschedule_many, "
		"@.taskq_prioritize, @.taskq_prioritize_many, @.taskq_set_sla, @.taskq_set_sla_many, "
	"@.taskq_edit, @.taskq_edit_many, @.taskq_comment, @.taskq_comment_many, @.taskq_claim, @.taskq_follow_up, "
	"@.taskq_pause, @.taskq_pause_many, @.taskq_resume, @.taskq_resume_many, @.taskq_apply_policy, @.taskq_apply_policy_many, "
	"@.taskq_renewal_create, @.taskq_renewal_complete, @.taskq_renewal_cancel, @.taskq_emit"},
	{LEVEL_AGENT, "INSERT (user_id, service_type, due_date, assignee_id, reference, notes) ON TABLE @.taskq_renewal"},
	{LEVEL_AGENT, "UPDATE (service_type, due_date, assignee_id, reference, notes, status) ON TABLE @.taskq_renewal"},
	{LEVEL_AGENT, "INSERT (every, anchor_on), UPDATE (every, anchor_on) ON TABLE @.taskq_renewal", true},
	{LEVEL_MANAGER, "DELETE ON TABLE @.taskq_task"},
	{LEVEL_MANAGER, "INSERT, UPDATE, DELETE ON TABLE @.taskq_staff_member, @.taskq_customer, "
	"@.taskq_workflow_rule, @.taskq_renewal_threshold"},
	{LEVEL_MANAGER, "INSERT, UPDATE, DELETE ON TABLE @.taskq_calendar_window, @.taskq_holiday, @.taskq_sla_policy, @.taskq_task_pause, "
	"@.taskq_team, @.taskq_team_member"},
	{LEVEL_MANAGER, "INSERT (name, timezone, holiday_lists), UPDATE (name, timezone, holiday_lists), DELETE ON TABLE @.taskq_calendar"},
	{LEVEL_MANAGER, "INSERT (name, title_template, description_template, priority, kind, team_id, assignee_id, user_id, sla_hours, "
		"starts_on, every, until, business_day, calendar, lead_days, is_enabled), "
		"UPDATE (name, title_template, description_template, priority, kind, team_id, assignee_id, user_id, sla_hours, "
	"starts_on, every, until, business_day, calendar, lead_days, is_enabled), DELETE ON TABLE @.taskq_schedule"},
	{LEVEL_MANAGER, "EXECUTE ON ROUTINE @.taskq_calendar_set"},
	{LEVEL_MANAGER, "SELECT ON TABLE @.taskq_erasure"},
	{LEVEL_MANAGER, "EXECUTE ON ROUTINE @.taskq_erase_customer, @.taskq_merge_customer, @.taskq_hand_over"},
	{LEVEL_MANAGER, "EXECUTE ON ROUTINE @.taskq_sweep, @.taskq_sweep_all, @.taskq_purge, @.taskq_mirror, @.taskq_worker_wake, "
	"@.taskq_renewals_refresh, @.taskq_emit_change, @.taskq_emit_dry_run, @.taskq_check, @.taskq_check_server, @.taskq_own_objects"}
};

/*
 * What CHECKs, indexes and generated columns call discloses nothing of any row:
 * PUBLIC may execute it, so that roles with privileges on columns, granted by hand or
 * in a dump of 0.1.0, can write.
 */
static const char *const for_public = "EXECUTE ON ROUTINE "
"@.taskq_task_is_valid, @.taskq_event_kind_is_valid, @.taskq_line_is_valid, @.taskq_role_oid, "
"@.taskq_stage, @.taskq_place, @.taskq_timer, @.taskq_warn_percents_are_valid, @.taskq_fold, @.taskq_search_text, @.taskq_every_is_valid, "
/* of databases of 0.2.0 */
"@.taskq_description_is_valid, @.taskq_due_date_is_valid, @.taskq_sla_hours_is_valid, "
"@.taskq_source_is_valid, @.taskq_dedupe_key_is_valid, @.taskq_completed_is_valid, "
"@.taskq_cancelled_is_valid, @.taskq_started_is_valid, @.taskq_overdue_is_valid, "
"@.taskq_sla_stamps_are_valid";

/*
 * Objects of the extension ($1) on which a role ($2; 0 = PUBLIC) was granted
 * anything, not being their owner.
 */
static TaskqPlan list_held = {
	"SELECT CASE WHEN p.oid IS NOT NULL THEN 'ROUTINE' WHEN t.oid IS NOT NULL THEN 'TYPE' "
	"WHEN c.relkind " EQ " 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, "
	"(pg_catalog.pg_identify_object(d.classid, d.objid, 0)).identity "
	"FROM pg_catalog.pg_depend d "
	"LEFT JOIN pg_catalog.pg_proc p ON d.classid " EQ " 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid " EQ " d.objid "
	"LEFT JOIN pg_catalog.pg_class c ON d.classid " EQ " 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid " EQ " d.objid "
	"LEFT JOIN pg_catalog.pg_type t ON d.classid " EQ " 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid " EQ " d.objid "
	"LEFT JOIN pg_catalog.pg_class tc ON tc.oid " EQ " t.typrelid "
	"WHERE d.refclassid " EQ " 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid " EQ " $1 AND d.deptype " EQ " 'e' "
	"AND (p.oid IS NOT NULL OR c.relkind " EQ " ANY ('{r,v,S}'::pg_catalog.\"char\"[]) "
	"OR t.typtype " EQ " 'e' OR tc.relkind " EQ " 'c') "
	"AND coalesce(p.proowner, c.relowner, t.typowner) " NE " $2 "
	"AND (EXISTS (SELECT FROM pg_catalog.aclexplode(CASE "
	"WHEN p.oid IS NOT NULL THEN coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) "
	"WHEN t.oid IS NOT NULL THEN coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)) "
	"ELSE c.relacl END) x WHERE x.grantee " EQ " $2) "
	"OR EXISTS (SELECT FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x "
	"WHERE a.attrelid " EQ " c.oid AND x.grantee " EQ " $2))"
};

/*
 * A row if a role ($1) was granted something on the schema ($2) and has
 * nothing left in it, in this database ($3), that it could be for.
 */
static TaskqPlan schema_is_of_no_use = {
	"SELECT FROM pg_catalog.pg_namespace n WHERE n.oid " EQ " $2 AND n.nspowner " NE " $1 "
	"AND EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) x WHERE x.grantee " EQ " $1) "
	"AND NOT EXISTS (SELECT FROM pg_catalog.pg_shdepend s "
	"LEFT JOIN pg_catalog.pg_class c ON s.classid " EQ " 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid " EQ " s.objid "
	"LEFT JOIN pg_catalog.pg_proc p ON s.classid " EQ " 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid " EQ " s.objid "
	"LEFT JOIN pg_catalog.pg_type t ON s.classid " EQ " 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid " EQ " s.objid "
	"WHERE s.refclassid " EQ " 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid " EQ " $1 AND s.dbid " EQ " $3 "
	"AND coalesce(c.relnamespace, p.pronamespace, t.typnamespace) " EQ " n.oid)"
};
static TaskqPlan upsert_grant = {
	"INSERT INTO @.taskq_role_grant AS g (role_name, level) VALUES ($1, $2) "
	"ON CONFLICT (role_name) DO UPDATE SET role_name = excluded.role_name, level = excluded.level, "
	"granted_at = excluded.granted_at, granted_by = excluded.granted_by"
};

/*
 * Gives rows whose role was renamed its present name, and rows that came from
 * elsewhere the OID that their role has here: writing the name computes it.
 * All are deleted before the first is inserted (it takes the Sort), so that
 * roles may have exchanged their names.  A role that is gone leaves its name
 * to one that has it now.
 */
static TaskqPlan follow_roles = {
	"WITH taken AS (DELETE FROM @.taskq_role_grant g USING pg_catalog.pg_roles r "
	"WHERE (r.oid " EQ " g.role_oid AND r.rolname " NE " g.role_name) "
	"OR (g.role_oid IS NULL AND r.rolname " EQ " g.role_name) "
	"RETURNING r.rolname, g.role_oid, g.level, g.granted_at, g.granted_by) "
	"INSERT INTO @.taskq_role_grant AS g (role_name, level, granted_at, granted_by) "
	"SELECT DISTINCT ON (t.rolname) t.rolname, t.level, t.granted_at, t.granted_by "
	"FROM taken t ORDER BY t.rolname, t.role_oid "
	"ON CONFLICT (role_name) DO UPDATE SET role_name = excluded.role_name, level = excluded.level, "
	"granted_at = excluded.granted_at, granted_by = excluded.granted_by"
};
static TaskqPlan delete_grant = {
	"DELETE FROM @.taskq_role_grant WHERE role_name " EQ " $1"
};

/* After follow_roles: a row whose OID is not that of the name's role is of a role that is gone. */
static TaskqPlan list_grants = {
	"SELECT g.role_name, g.level, r.oid FROM @.taskq_role_grant g "
	"LEFT JOIN pg_catalog.pg_roles r ON r.rolname " EQ " g.role_name AND r.oid " EQ " g.role_oid ORDER BY g.role_name"
};
static TaskqPlan list_grants_by_name = {
	"SELECT g.role_name, g.level, r.oid FROM @.taskq_role_grant g "
	"LEFT JOIN pg_catalog.pg_roles r ON r.rolname " EQ " g.role_name ORDER BY g.role_name"
};

static void
run_utility(const char *statement)
{
	int			result = SPI_execute(statement, false, 0);

	if (result != SPI_OK_UTILITY)
		elog(ERROR, "could not run \"%s\": %s", statement, SPI_result_code_string(result));
}

/* 42501 unless the caller may act for the owner of taskq_task. */
static void
check_may_grant(void)
{
	if (!has_privs_of_role(GetUserId(), owner_of(taskq_catalog()->task)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to grant or revoke levels"),
				 errdetail("Only the owner of table taskq_task and superusers may grant or revoke levels.")));
}

/* "PUBLIC", or the role's name as SQL has it. */
static const char *
grantee_name(Oid role)
{
	return OidIsValid(role) ? quote_identifier(GetUserNameFromId(role, false)) : "PUBLIC";
}

/* Whether taskq_role_grant has roles by OID, as from 0.3.0 on. */
static bool
oids_are_kept(void)
{
	Oid			relid = get_relname_relid("taskq_role_grant", taskq_catalog()->schema);

	return get_attnum(relid, "role_oid") != InvalidAttrNumber;
}

/* Updates the names of roles in taskq_role_grant. */
static void
follow(void)
{
	if (oids_are_kept())
		spi_run(&follow_roles, 0, NULL, NULL, NULL, 0);
}

/*
 * Revokes everything that was granted on the extension's objects from a role.
 * False if there was nothing.
 */
static bool
revoke_all(Oid role)
{
	Oid			types[] = {OIDOID, OIDOID};
	Datum		values[] = {ObjectIdGetDatum(taskq_catalog()->extension), ObjectIdGetDatum(role)};
	SPITupleTable *held;
	uint64		n;

	spi_run(&list_held, 2, types, values, NULL, 0);
	held = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
		run_utility(psprintf("REVOKE ALL ON %s %s FROM %s CASCADE",
							 SPI_getvalue(held->vals[i], held->tupdesc, 1),
							 SPI_getvalue(held->vals[i], held->tupdesc, 2), grantee_name(role)));
	return n > 0;
}

/* Revokes USAGE on the schema, too, unless the role needs it for other objects. */
static void
revoke_schema(Oid role)
{
	const TaskqCatalog *cat = taskq_catalog();
	Oid			types[] = {OIDOID, OIDOID, OIDOID};
	Datum		values[] = {ObjectIdGetDatum(role), ObjectIdGetDatum(cat->schema), ObjectIdGetDatum(MyDatabaseId)};

	spi_run(&schema_is_of_no_use, 3, types, values, NULL, 1);
	if (SPI_processed > 0)
		run_utility(psprintf("REVOKE USAGE ON SCHEMA %s FROM %s",
							 quote_identifier(cat->schema_name), grantee_name(role)));
}

/* Whether the extension's schema has a table, routine or type of a name. */
static bool
is_there(const char *name)
{
	Oid			schema = taskq_catalog()->schema;
	CatCList   *routines;
	bool		found;

	if (OidIsValid(get_relname_relid(name, schema)) ||
		SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(name), ObjectIdGetDatum(schema)))
		return true;
	found = false;
	routines = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < routines->n_members && !found; i++)
		found = ((Form_pg_proc) GETSTRUCT(&routines->members[i]->tuple))->pronamespace == schema;
	ReleaseSysCacheList(routines);
	return found;
}

/* Grants a privilege on those of its objects that exist: "EXECUTE ON ROUTINE @.a, @.b". */
static void
grant_what_is_there(const char *what, const char *grantee)
{
	const char *name = strstr(what, "@.");
	StringInfoData grant;
	bool		any = false;

	initStringInfo(&grant);
	appendStringInfo(&grant, "GRANT %.*s", (int) (name - what), what);
	for (; name != NULL; name = strstr(name, "@."))
	{
		char	   *object;

		name += 2;
		object = pnstrdup(name, strcspn(name, ","));
		if (!is_there(object))
			continue;
		appendStringInfo(&grant, "%s@.%s", any ? ", " : "", object);
		any = true;
	}
	appendStringInfo(&grant, " TO %s", grantee);
	if (any)
		run_utility(qualify(grant.data));
}

/* Grants the privileges of a level, and USAGE on the schema, to a role that has none. */
static void
give(Oid role, Level level)
{
	const TaskqCatalog *cat = taskq_catalog();
	const char *grantee = grantee_name(role);

	if (!taskq_may_use_schema(cat->schema, role))
		run_utility(psprintf("GRANT USAGE ON SCHEMA %s TO %s", quote_identifier(cat->schema_name), grantee));
	for (int i = 0; i < lengthof(privileges); i++)
		if (privileges[i].level <= level && !(privileges[i].newer && cat->sql_is_older))
			grant_what_is_there(privileges[i].what, grantee);
}

PG_FUNCTION_INFO_V1(taskq_role_oid);
Datum
taskq_role_oid(PG_FUNCTION_ARGS)
{
	Oid			role = get_role_oid(NameStr(*PG_GETARG_NAME(0)), true);

	if (!OidIsValid(role))
		PG_RETURN_NULL();
	PG_RETURN_OID(role);
}

static Name
role_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("role must not be null")));
	return PG_GETARG_NAME(0);
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
	Name		name = role_argument(fcinfo);
	Oid			role = get_role_oid(NameStr(*name), false);
	Level		level = PG_ARGISNULL(1) ? LEVEL_NONE : find_level(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Oid			types[] = {NAMEOID, TEXTOID};
	Datum		values[2];

	if (level == LEVEL_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level must be viewer, agent or manager")));
	check_may_grant();
	spi_connect();
	follow();
	revoke_all(role);
	give(role, level);
	values[0] = NameGetDatum(name);
	values[1] = CStringGetTextDatum(level_names[level]);
	spi_run(&upsert_grant, 2, types, values, NULL, 0);
	SPI_finish();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(taskq_revoke);
Datum
taskq_revoke(PG_FUNCTION_ARGS)
{
	Name		name = role_argument(fcinfo);
	Oid			types[] = {NAMEOID};
	Datum		values[] = {NameGetDatum(name)};
	bool		remembered;
	Oid			role;

	check_may_grant();
	spi_connect();
	follow();
	spi_run(&delete_grant, 1, types, values, NULL, 0);
	remembered = SPI_processed > 0;

	/*
	 * A role that has been dropped can still be forgotten.  One that is not in
	 * the table, as after a restore of what was dumped under its old name,
	 * loses its privileges all the same.
	 */
	role = get_role_oid(NameStr(*name), remembered);
	if (OidIsValid(role) && (revoke_all(role) || remembered))
		revoke_schema(role);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * Leaves PUBLIC what it needs and grants each role its level again.  What is
 * granted in an extension's script is recorded as initial privileges of the
 * extension, which pg_dump leaves out: so roles are granted nothing while
 * creating_extension is set, and have nothing when PUBLIC's privileges, which
 * are such, are revoked.
 */
static void
reapply(SPITupleTable *grants, uint64 n)
{
	bool		in_script = creating_extension;
	Oid		   *roles = palloc0(n * sizeof(Oid));

	creating_extension = false;
	for (uint64 i = 0; i < n; i++)
	{
		bool		gone;
		Datum		role = SPI_getbinval(grants->vals[i], grants->tupdesc, 3, &gone);
		char	   *name = SPI_getvalue(grants->vals[i], grants->tupdesc, 1);

		roles[i] = gone ? InvalidOid : DatumGetObjectId(role);
		if (!gone)
		{
			/* Known by name only: the script of 0.3.0 handles roles that hold nothing. */
			if (!revoke_all(roles[i]) && in_script && !oids_are_kept())
				roles[i] = InvalidOid;
		}
		else
			ereport(WARNING,
					(errmsg("role \"%s\" in taskq_role_grant does not exist", name),
					 OidIsValid(get_role_oid(name, true)) ? errdetail("Another role has that name now.") : 0,
					 errhint("Use taskq_revoke() to forget the role.")));
	}
	creating_extension = in_script;
	revoke_all(InvalidOid);
	grant_what_is_there(for_public, "PUBLIC");
	creating_extension = false;
	for (uint64 i = 0; i < n; i++)
		if (OidIsValid(roles[i]))
			give(roles[i], find_level(SPI_getvalue(grants->vals[i], grants->tupdesc, 2)));
	creating_extension = in_script;
}

PG_FUNCTION_INFO_V1(taskq_reapply_grants);
Datum
taskq_reapply_grants(PG_FUNCTION_ARGS)
{
	bool		in_script = creating_extension;

	check_may_grant();
	spi_connect();
	follow();
	spi_run(oids_are_kept() ? &list_grants : &list_grants_by_name, 0, NULL, NULL, NULL, 0);
	PG_TRY();
	{
		reapply(SPI_tuptable, SPI_processed);
	}
	PG_FINALLY();
	{
		creating_extension = in_script;
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * For update scripts, which create and drop it: runs a GRANT of what was
 * granted by hand before, so that pg_dump does not take it for an initial
 * privilege.
 */
PG_FUNCTION_INFO_V1(taskq_grant_by_hand);
Datum
taskq_grant_by_hand(PG_FUNCTION_ARGS)
{
	char	   *statement = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool		in_script = creating_extension;

	spi_connect();
	PG_TRY();
	{
		creating_extension = false;
		run_utility(statement);
	}
	PG_FINALLY();
	{
		creating_extension = in_script;
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_VOID();
}
