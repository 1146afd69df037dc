-- What only taskq may write it lets its own statements write, and no trigger of
-- the user's that they fire.
CREATE EXTENSION taskq;
\set VERBOSITY terse
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$BEGIN
	IF pg_trigger_depth() < 3 THEN EXECUTE TG_ARGV[0]; END IF;
	RETURN coalesce(NEW, OLD);
END$$;
INSERT INTO taskq_customer VALUES ('cus_1', 'Acme'), ('cus_2', 'Other');
SELECT taskq_create('one', user_id => 'cus_1') AS one, taskq_create('two', user_id => 'cus_2') AS two \gset
SELECT status FROM taskq_cancel_many(ARRAY[:one, :two]::bigint[]);

-- events that go with their task
CREATE TRIGGER meddle BEFORE DELETE ON taskq_task_event FOR EACH ROW EXECUTE FUNCTION meddle('DELETE FROM taskq_task_event');
DELETE FROM taskq_task WHERE id = :one;
DROP TRIGGER meddle ON taskq_task_event;

-- texts that are erased, from events and from tasks
CREATE TRIGGER meddle BEFORE UPDATE ON taskq_task_event FOR EACH ROW EXECUTE FUNCTION meddle('UPDATE taskq_task_event SET note = ''forged''');
INSERT INTO taskq_task (title, user_id) VALUES ('three', 'cus_1');
SELECT status FROM taskq_edit((SELECT max(id) FROM taskq_task), 'Three');
SELECT tasks FROM taskq_erase_customer('cus_1');
DROP TRIGGER meddle ON taskq_task_event;
CREATE TRIGGER meddle AFTER UPDATE ON taskq_task FOR EACH ROW EXECUTE FUNCTION meddle('UPDATE taskq_task SET title = ''forged'' WHERE user_id = ''cus_2''');
SELECT tasks FROM taskq_erase_customer('cus_1');
DROP TRIGGER meddle ON taskq_task;
SELECT title FROM taskq_task ORDER BY id;

-- what the engine writes to renewals
SELECT taskq_renewal_create('cus_1', 'permit', taskq_today() + 10), taskq_renewal_create('cus_2', 'permit', taskq_today() + 10);
CREATE TRIGGER meddle AFTER UPDATE ON taskq_renewal FOR EACH ROW EXECUTE FUNCTION meddle('UPDATE taskq_renewal SET next_check_on = ''9999-01-01''');
SELECT count(*) FROM taskq_renewals_refresh();
DROP TRIGGER meddle ON taskq_renewal;
SELECT count(*) FROM taskq_renewals_refresh();
DROP EXTENSION taskq CASCADE;
DROP FUNCTION meddle;
