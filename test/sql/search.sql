-- Search: each word in title, description, customer's name or an id.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
-- case, accents and composition make no difference; what is not an accent stays
SELECT taskq_fold('CAF' || U&'\00C9') AS composed, taskq_fold('cafe' || U&'\0301') AS decomposed, taskq_fold(U&'STRASSE Stra\00DFe STRA\1E9EE') AS sharp_s,
    taskq_fold(U&'DI\015E d\0131\015F \0130stanbul') AS turkish, taskq_fold(U&'\0141\00F3d\017A \00D8rsted \00C6 \0152') AS strokes, taskq_fold('50% a_b \ ''"') AS themselves;
SELECT taskq_fold(U&'\039F\0394\039F\03A3') = taskq_fold(U&'\03BF\03B4\03CC\03C2') AS greek, taskq_fold(U&'\0401\043B\043A\0430') = taskq_fold(U&'\0435\043B\043A\0430') AS cyrillic,
    taskq_fold(U&'\AC01') = taskq_fold(U&'\1100\1161\11A8') AS hangul, taskq_fold(U&'\AC00') = taskq_fold(U&'\AC01') AS other_hangul, taskq_fold(U&'\304B') = taskq_fold(U&'\304C') AS kana,
    taskq_fold(U&'\0643\064E\062A\064E\0628') = U&'\0643\062A\0628' AS arabic, taskq_fold(U&'so\00ADft') AS invisible, taskq_fold('') = '' AS empty, taskq_fold(NULL) IS NULL AS none;
-- (U+019B and U+0264 got capitals in Unicode 16, which not every libc knows)
CREATE VIEW letter AS SELECT chr(c) AS c FROM generate_series(1, 131071) c WHERE c NOT BETWEEN 55296 AND 57343;
SELECT count(*) FILTER (WHERE taskq_fold(c) <> taskq_fold(normalize(c, NFD)) OR taskq_fold(c) <> taskq_fold(normalize(c, NFC))) AS by_composition,
    count(*) FILTER (WHERE taskq_fold(taskq_fold(c)) <> taskq_fold(c)) AS folded_twice,
    count(*) FILTER (WHERE taskq_fold('a' || c || U&'\3042') <> 'a' || taskq_fold(c) || U&'\3042') AS by_neighbours,
    count(*) FILTER (WHERE NOT taskq_search_may_find(c, NULL, taskq_fold(c))) AS not_found,
    count(*) FILTER (WHERE ascii(c) < 7168 AND (taskq_fold(c) <> taskq_fold(lower(c)) OR (c NOT IN (U&'\0345', U&'\019B', U&'\0264') AND taskq_fold(c) <> taskq_fold(upper(c))))) AS by_case
FROM letter;
SELECT taskq_search_text('Title', NULL), taskq_search_text('Title', 'Descr'), taskq_search_text(NULL, NULL) = '' AS none;

INSERT INTO taskq_staff_member VALUES ('sta_1', 'Ana');
INSERT INTO taskq_customer VALUES ('cus_a1', U&'M\00FCller & S\00F6hne'), ('CUS-2', 'Acme 50% Ltd'), ('cus_3', 'Nobody''s');
INSERT INTO taskq_task (id, title, description, user_id, assignee_id, due_date, status, started_at, completed_at) VALUES
    (11, 'Chase bank statement', U&'for the Caf\00E9', 'cus_a1', NULL, taskq_today(), 'OPEN', NULL, NULL),
    (12, 'Chase a_b', NULL, 'CUS-2', 'sta_1', taskq_today() + 1, 'OPEN', NULL, NULL),
    (13, 'axb, 50 percent', NULL, NULL, 'sta_1', taskq_today() + 2, 'IN_PROGRESS', now(), NULL),
    (14, 'Bank: 50% paid', 'call 11 times', NULL, NULL, taskq_today() - 3, 'OPEN', NULL, NULL),
    (15, U&'Stra\00DFe', 'back\slash', 'cus_a1', NULL, NULL, 'COMPLETED', now(), now());
CREATE VIEW searches AS
SELECT row_number() OVER () AS n, s AS search FROM unnest(ARRAY['chase', 'CHASE bank', 'statement chase', 'ase nk', U&'cafe\0301', 'CAFE', 'muller', 'mul soh bank', 'mul zzz', '50%', '50', 'a_b', '%', '_', '\',
    '11', '12', 'cus_a1', 'CUS_A1', 'cus-2', 'cus', 'sta_1', 'strasse', taskq_public_id(13), lower(taskq_public_id(13)), '', '  ', E'bank\tchase', U&'bank\00A0chase', U&'\0301', '99999999999999999999', 'nobody']) s;
SELECT search, (SELECT array_agg(id) FROM taskq_queue_page(NULL, search => search)) AS found,
    (SELECT array_agg(id) FROM taskq_queue_page(taskq_active(), search => search)) AS active FROM searches ORDER BY n;
-- as said
CREATE FUNCTION by_words(search text, t taskq_tasks) RETURNS boolean LANGUAGE sql AS $$
    SELECT coalesce(bool_and(strpos(taskq_search_text(t.title, t.description), taskq_fold(w)) > 0 OR strpos(coalesce(taskq_fold(t.customer_name), ''), taskq_fold(w)) > 0
        OR w = t.id::text OR upper(w) = upper(taskq_public_id(t.id)) OR coalesce(t.user_id IN (w, lower(w), upper(w)), false)), true) FROM regexp_split_to_table(search, E'[\\s\u00A0]+') w
$$;
SELECT search, pages, counted, wanted FROM searches s, LATERAL (
    SELECT (SELECT count(*) FROM unnest('{due,priority,created,sla,closed}'::text[]) sort, taskq_queue_page(NULL, search => search, sort => sort)) / 5.0 AS pages,
        taskq_queue_count(NULL, search => search) AS counted, (SELECT count(*) FROM taskq_tasks t WHERE by_words(search, t)) AS wanted) x
WHERE pages <> wanted OR counted <> wanted;
SELECT array_agg(id) FROM taskq_queue_page(NULL, search => 'chase', assignee_id => 'sta_1');
SELECT array_agg(id) FROM taskq_queue_page(NULL, search => 'muller', user_id => 'cus_a1');
SELECT array_agg(id) FROM taskq_queue_page(NULL, search => '50', unassigned => true);

-- the first window is not all: what comes later is found, too, page after page
INSERT INTO taskq_task (id, title, due_date) SELECT 1000 + g, 'filler ' || g, taskq_today() FROM generate_series(1, 6000) g;
INSERT INTO taskq_task (id, title, due_date, user_id) VALUES (20001, 'needle one', taskq_today() + 1, NULL), (20002, 'two', taskq_today() + 1, 'cus_3'), (20003, 'needle', taskq_today() + 2, 'cus_3');
SELECT array_agg(id) FROM taskq_queue_page(taskq_active(), search => 'needle');
SELECT array_agg(id) FROM taskq_queue_page(taskq_active(), search => 'NOBODY');
SELECT array_agg(id) FROM taskq_queue_page(NULL, search => 'nobody needle');
SELECT array_agg(id) FROM taskq_queue_page(taskq_active(), search => 'needle', page_size => 1, after => (SELECT cursor FROM taskq_queue_page(taskq_active(), search => 'needle', page_size => 1)));
SELECT count(*) FROM taskq_queue_page(taskq_active(), search => 'filler', page_size => 1000);
-- of more customers than are listed
INSERT INTO taskq_customer SELECT 'cus_x' || g, 'Common name ' || g FROM generate_series(1, 1500) g;
INSERT INTO taskq_task (id, title, due_date, user_id) VALUES (30001, 'x', taskq_today() + 3, 'cus_x7'), (30002, 'y', taskq_today() + 3, 'cus_x1400'), (30003, 'z', taskq_today() + 3, NULL);
SELECT array_agg(id) FROM taskq_queue_page(taskq_active(), search => 'common');
SELECT array_agg(id) FROM taskq_queue_page(taskq_active(), search => 'name y');
SELECT taskq_queue_count(NULL, search => 'common');

-- names of customers whom row security hides are not looked in
CREATE ROLE regress_taskq_v;
GRANT USAGE ON SCHEMA public TO regress_taskq_v;
SELECT taskq_grant('regress_taskq_v', 'viewer');
ALTER TABLE taskq_customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON taskq_customer TO regress_taskq_v USING (id <> 'cus_a1');
SET ROLE regress_taskq_v;
SELECT array_agg(id) FROM taskq_queue_page(NULL, search => 'muller');
SELECT taskq_queue_count(NULL, search => 'muller') AS hidden, taskq_queue_count(NULL, search => 'nobody') AS seen;
RESET ROLE;
ALTER TABLE taskq_customer DISABLE ROW LEVEL SECURITY;

-- bad input
SELECT count(*) FROM taskq_queue_page(NULL, search => (SELECT string_agg('task', ' ') FROM generate_series(1, 16)));
SELECT count(*) FROM taskq_queue_page(NULL, search => (SELECT string_agg('task', ' ') FROM generate_series(1, 17)));
SELECT taskq_queue_count(NULL, search => repeat('x ', 100000));
SELECT count(*) FROM taskq_queue_page(NULL, search => repeat('x', 1000000));
DROP EXTENSION taskq CASCADE;
DROP VIEW letter;
REVOKE USAGE ON SCHEMA public FROM regress_taskq_v;
DROP ROLE regress_taskq_v;
