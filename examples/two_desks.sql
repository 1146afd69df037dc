-- Two desks that may not see each other: row security over all of taskq.
--
-- For roles that the desks' applications connect as, like
--
--     CREATE ROLE desk_north LOGIN;
--     CREATE ROLE desk_south LOGIN;
--     SELECT taskq_grant('desk_north', 'agent'), taskq_grant('desk_south', 'agent');
--
-- A customer belongs to a desk, and so does all that is about the customer:
-- tasks, renewals, what the engines make of them.  A task about nobody belongs
-- to the desk that created it.  Then say whose customers the present ones are:
--
--     UPDATE taskq_customer SET desk = 'desk_north' WHERE …;
--
-- A customer without a desk is nobody's: taskq's owner, superusers and roles
-- with BYPASSRLS see everything.  So do the worker and the rules, so that level
-- manager, which writes rules, belongs to somebody who may see both desks.
-- Names of staff are everybody's to see.
--
-- pg_dump leaves out what is added to an extension's tables, this file
-- included: run it on the new database after CREATE EXTENSION and before the data.

BEGIN;

ALTER TABLE taskq_customer ADD COLUMN desk name;
CREATE POLICY desk ON taskq_customer
    USING (desk = current_user);

-- The default is of the caller of taskq_create(); grants of level agent do not
-- include writing the column.  Tasks that are there already are the owner's.
ALTER TABLE taskq_task ADD COLUMN desk name NOT NULL DEFAULT current_user;
CREATE POLICY desk ON taskq_task
    USING (CASE WHEN user_id IS NULL THEN desk = current_user
                ELSE EXISTS (SELECT FROM taskq_customer c WHERE c.id = user_id)
           END);

-- Each of these asks for a row that the policies above let the caller see.
CREATE POLICY desk ON taskq_task_event
    USING (EXISTS (SELECT FROM taskq_task t WHERE t.id = task_id));
CREATE POLICY desk ON taskq_task_pause
    USING (EXISTS (SELECT FROM taskq_task t WHERE t.id = task_id));
CREATE POLICY desk ON taskq_workflow_run
    USING (EXISTS (SELECT FROM taskq_task t WHERE t.id = task_id));
CREATE POLICY desk ON taskq_renewal
    USING (EXISTS (SELECT FROM taskq_customer c WHERE c.id = user_id));
CREATE POLICY desk ON taskq_renewal_crossing
    USING (EXISTS (SELECT FROM taskq_renewal r WHERE r.id = renewal_id));
-- Those for no customer, or for all, are everybody's to see.
CREATE POLICY desk ON taskq_schedule
    USING (user_id IS NULL OR EXISTS (SELECT FROM taskq_customer c WHERE c.id = user_id));
CREATE POLICY desk ON taskq_schedule_run
    USING (EXISTS (SELECT FROM taskq_schedule s WHERE s.id = schedule_id));
CREATE POLICY desk ON taskq_sla_policy
    USING (user_id IS NULL OR EXISTS (SELECT FROM taskq_customer c WHERE c.id = user_id));

ALTER TABLE taskq_customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_task ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_task_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_task_pause ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_workflow_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_renewal ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_renewal_crossing ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_schedule ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_schedule_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE taskq_sla_policy ENABLE ROW LEVEL SECURITY;

COMMIT;
