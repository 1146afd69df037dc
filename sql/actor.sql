
-- ---------------------------------------------------------------------------
-- Actor: who did it
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_actor() RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'taskq_actor';
COMMENT ON FUNCTION taskq_actor() IS
'Who a write made now is attributed to: argument actor of the taskq function under way, else setting taskq.actor (empty = unset), else the session user; NULL = the system (the sweep). A claim by the application, not an identity: task events keep session_user beside it.';
