-- taskq: the task lists of an operations desk, kept inside PostgreSQL
\echo Use "CREATE EXTENSION taskq" to load this file. \quit

-- ---------------------------------------------------------------------------
-- Types
-- ---------------------------------------------------------------------------

CREATE TYPE taskq_priority AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'URGENT');
COMMENT ON TYPE taskq_priority IS
'How urgent a task is. LOW: nice to have, no deadline impact. MEDIUM: standard follow-up. HIGH: important, customer waiting or deadline near. URGENT: same-day action, compliance risk or very close deadline.';

CREATE TYPE taskq_status AS ENUM ('OPEN', 'IN_PROGRESS', 'OVERDUE', 'COMPLETED', 'CANCELLED');
COMMENT ON TYPE taskq_status IS
'Where a task stands. OPEN, IN_PROGRESS and OVERDUE are active; COMPLETED and CANCELLED are terminal. OVERDUE: active and the due date has passed.';

CREATE TYPE taskq_sla_status AS ENUM ('NONE', 'ON_TRACK', 'AT_RISK', 'BREACHED', 'MET', 'CANCELLED');
COMMENT ON TYPE taskq_sla_status IS
'How a task stands against its SLA deadline. NONE: no SLA. ON_TRACK, AT_RISK: active, before the deadline. BREACHED: completed or cancelled after the deadline, or active past it. MET: completed by the deadline. CANCELLED: cancelled by the deadline.';

-- Drivers that give their parameters a type say text or varchar, also of
-- arrays: with these casts they can call every function and write every column.
-- Operators are not found by them: "status = $1::text" still wants a cast.
CREATE CAST (text AS taskq_priority) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS taskq_priority) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS taskq_status) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS taskq_status) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS taskq_sla_status) WITH INOUT AS IMPLICIT;
CREATE CAST (varchar AS taskq_sla_status) WITH INOUT AS IMPLICIT;
COMMENT ON CAST (text AS taskq_priority) IS 'So that drivers that say text can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (varchar AS taskq_priority) IS 'So that drivers that say varchar can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (text AS taskq_status) IS 'So that drivers that say text can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (varchar AS taskq_status) IS 'So that drivers that say varchar can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (text AS taskq_sla_status) IS 'So that drivers that say text can call every function. Errors: 22P02 no value of the type.';
COMMENT ON CAST (varchar AS taskq_sla_status) IS 'So that drivers that say varchar can call every function. Errors: 22P02 no value of the type.';

CREATE FUNCTION taskq_priority_rank(priority taskq_priority) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME', 'taskq_priority_rank';
COMMENT ON FUNCTION taskq_priority_rank(taskq_priority) IS
'Position of a priority in a list sorted by urgency: 1 = URGENT, 2 = HIGH, 3 = MEDIUM, 4 = LOW. The sort key of the queue indexes; leakproof, so that they serve under row security too.';

CREATE FUNCTION taskq_line_is_valid(line text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_line_is_valid';
COMMENT ON FUNCTION taskq_line_is_valid(text) IS
'What CHECKs ask of titles, and of names. True for 1 to 200 characters with at least one that is not blank, no control character and, in a UTF8 database, none with Unicode''s property Bidi_Control (UAX #9), which can make a title read as another. Of a new title the triggers ask more: taskq_title_is_valid().';
