
-- ---------------------------------------------------------------------------
-- Calendar: what "today" is
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_today() RETURNS date
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_today';
COMMENT ON FUNCTION taskq_today() IS
'The date of statement_timestamp() in setting taskq.timezone; the session''s TimeZone plays no part.';

CREATE FUNCTION taskq_day_start(day date) RETURNS timestamptz
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_day_start';
COMMENT ON FUNCTION taskq_day_start(date) IS
'The instant at which the given day begins in setting taskq.timezone. A task due on day D is past due from taskq_day_start(D + 1). Errors: 22008 if the day is infinite or outside the range of timestamptz.';
