
-- ---------------------------------------------------------------------------
-- Access: viewer, agent, manager
-- ---------------------------------------------------------------------------

CREATE TABLE taskq_role_grant (
    role_name name PRIMARY KEY,
    level text NOT NULL CHECK (level IN ('viewer', 'agent', 'manager')),
    granted_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    granted_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE taskq_role_grant IS 'What taskq_grant() gave to whom, so that an update can give it again.';
COMMENT ON COLUMN taskq_role_grant.role_name IS 'The role.';
COMMENT ON COLUMN taskq_role_grant.level IS 'viewer, agent or manager.';
COMMENT ON COLUMN taskq_role_grant.granted_at IS 'When.';
COMMENT ON COLUMN taskq_role_grant.granted_by IS 'session_user who did it.';
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
'Takes back everything that taskq_grant() gave a role, USAGE of the schema included unless the role has something else in it; forgets a role that has been dropped. For the owner of taskq_task and superusers (else 42501). Errors: 42704 no such role, and none that is remembered.';

CREATE FUNCTION taskq_reapply_grants() RETURNS void
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'taskq_reapply_grants';
COMMENT ON FUNCTION taskq_reapply_grants() IS
'Takes everything of taskq from PUBLIC, except to execute what CHECKs call, and gives each role in taskq_role_grant its level again. Update scripts end with it; so can a DBA who changed privileges by hand.';
