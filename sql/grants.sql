
-- ---------------------------------------------------------------------------
-- Access: viewer, agent, manager
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_role_oid(role_name name) RETURNS oid
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_role_oid';
COMMENT ON FUNCTION taskq_role_oid(name) IS
'OID of the role that has a name now; NULL = none. For column role_oid of taskq_role_grant only, which keeps what it was when the row was written: hence IMMUTABLE.';

-- A generated column is not dumped but computed by the restore, from the names
-- of the roles there.  pg_upgrade keeps it, and roles' OIDs too.
CREATE TABLE taskq_role_grant (
    role_name name PRIMARY KEY,
    level text NOT NULL CHECK (level IN ('viewer', 'agent', 'manager')),
    granted_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    granted_by text NOT NULL DEFAULT session_user,
    role_oid oid GENERATED ALWAYS AS (taskq_role_oid(role_name)) STORED
);
COMMENT ON TABLE taskq_role_grant IS 'What taskq_grant() gave to whom, so that an update can give it again.';
COMMENT ON COLUMN taskq_role_grant.role_name IS 'The role, by the name that it had when taskq_grant(), taskq_revoke() or taskq_reapply_grants() was last called for any.';
COMMENT ON COLUMN taskq_role_grant.level IS 'viewer, agent or manager.';
COMMENT ON COLUMN taskq_role_grant.granted_at IS 'When.';
COMMENT ON COLUMN taskq_role_grant.granted_by IS 'session_user who did it.';
COMMENT ON COLUMN taskq_role_grant.role_oid IS 'The role, whatever its name is now; NULL = there was none of that name.';
SELECT pg_catalog.pg_extension_config_dump('taskq_role_grant', '');

CREATE FUNCTION taskq_grant(role name, level text) RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_grant';
COMMENT ON FUNCTION taskq_grant(name, text) IS
'Gives a role what a level needs, and no more than that level. viewer: read tasks, history, directory, queue, stats, reports. agent: also create tasks and move them along. manager: also keep the directory, rules and thresholds, delete terminal tasks, sweep, erase customers. An owner of taskq''s objects keeps its rights to them. For the owner of taskq_task and superusers (else 42501). Errors: 22023 unknown level, 42704 no such role.';

CREATE FUNCTION taskq_revoke(role name) RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_revoke';
COMMENT ON FUNCTION taskq_revoke(name) IS
'Takes back everything that a role has been granted on taskq''s objects, USAGE of the schema included unless the role has something else in it; forgets a role that has been dropped. For the owner of taskq_task and superusers (else 42501). Errors: 42704 no such role, and none that is remembered.';

CREATE FUNCTION taskq_reapply_grants() RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reapply_grants';
COMMENT ON FUNCTION taskq_reapply_grants() IS
'Takes everything of taskq from PUBLIC, except to execute what CHECKs call, and gives each role in taskq_role_grant, also one that was renamed, its level again. Update scripts end with it; so can a DBA who changed privileges by hand.';
