
-- ---------------------------------------------------------------------------
-- SLA
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_sla_status_at(sla_due_at timestamptz, sla_at_risk_at timestamptz, completed_at timestamptz, cancelled_at timestamptz, at timestamptz DEFAULT statement_timestamp())
    RETURNS taskq_sla_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
        WHEN sla_due_at IS NULL THEN 'NONE'::taskq_sla_status
        WHEN coalesce(completed_at, cancelled_at, at) > sla_due_at THEN 'BREACHED'::taskq_sla_status
        WHEN completed_at IS NOT NULL THEN 'MET'::taskq_sla_status
        WHEN cancelled_at IS NOT NULL THEN 'CANCELLED'::taskq_sla_status
        WHEN at >= sla_at_risk_at THEN 'AT_RISK'::taskq_sla_status
        ELSE 'ON_TRACK'::taskq_sla_status
    END;
END;
COMMENT ON FUNCTION taskq_sla_status_at(timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) IS
'SLA status of a task at an instant. Arguments: its sla_due_at, sla_at_risk_at, completed_at and cancelled_at; the instant (default statement_timestamp()). At the deadline itself the SLA still holds.';
