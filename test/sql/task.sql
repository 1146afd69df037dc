-- What a row may hold, whoever writes it.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
\set VERBOSITY terse
-- titles
SELECT t.what, taskq_title_is_valid(t.title) AS valid FROM (VALUES
    ('one character', 'x'), ('200 characters', repeat('ü', 200)), ('201 characters', repeat('ü', 201)),
    ('1,000,000 characters', repeat('x', 1000000)), ('empty', ''), ('blanks', '   '),
    ('Unicode blanks', U&'\00A0\2003\200B'), ('line break', E'a\nb'), ('tab', E'a\tb'), ('escape', E'a\x1b[31m'),
    ('C1 control', U&'a\0085b'), ('right-to-left override', U&'a\202Eb'), ('right-to-left mark', U&'a\200Fb'),
    ('isolate', U&'a\2066b'), ('Hebrew', U&'\05E9\05DC\05D5\05DD'), ('emoji', U&'\+01F600'), ('NUL written out', 'a\0b')) t(what, title);
-- CHECKs by their names
INSERT INTO taskq_task (title) VALUES ('');
INSERT INTO taskq_task (title, description) VALUES ('x', repeat('d', 65537));
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 0);
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 'NaN');
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 'Infinity');
INSERT INTO taskq_task (title, sla_hours) VALUES ('x', 1e300);
INSERT INTO taskq_task (title, due_date) VALUES ('x', 'infinity');
INSERT INTO taskq_task (title, due_date) VALUES ('x', '-infinity');
INSERT INTO taskq_task (title, due_date) VALUES ('x', '5874897-12-31');
INSERT INTO taskq_task (title, source) VALUES ('x', '');
INSERT INTO taskq_task (title, dedupe_key) VALUES ('x', '');
INSERT INTO taskq_task (title, status) VALUES ('x', 'COMPLETED');
INSERT INTO taskq_task (title, status) VALUES ('x', 'CANCELLED');
INSERT INTO taskq_task (title, status) VALUES ('x', 'IN_PROGRESS');
INSERT INTO taskq_task (title, started_at) VALUES ('x', now());
INSERT INTO taskq_task (title, status) VALUES ('x', 'OVERDUE');
INSERT INTO taskq_task (title, sla_due_at) VALUES ('x', now());
INSERT INTO taskq_task (title, assignee_id) VALUES ('x', 'nobody');
-- an import keeps what it is given
INSERT INTO taskq_task (id, title, status, due_date, created_at, created_by, started_at, completed_at, updated_at, sla_hours, sla_due_at, sla_at_risk_at)
VALUES (77, 'imported', 'COMPLETED', '2020-01-01', '2019-01-01', NULL, '2019-01-02', '2019-01-03', '2019-01-03', 10, '2019-01-05', '2019-01-04');
SELECT id, status, due_date, created_at::date, created_by, started_at::date, completed_at::date, updated_at::date, sla_due_at::date, sla_at_risk_at::date
FROM taskq_task;
SELECT count(*) AS events FROM taskq_task_event;
DROP EXTENSION taskq;
