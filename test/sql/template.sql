-- Templates: text with placeholders for what a payload holds.
CREATE EXTENSION taskq;
\set SHOW_CONTEXT never
SELECT taskq_render('Review {{new.name}} of {{ customer.name }}', '{"new": {"name": "Passport"}, "customer": {"name": "Acme"}}');
SELECT taskq_render('{{s}}|{{n}}|{{b}}|{{z}}|{{gone}}|{{s.deeper}}|{{o}}|{{a}}|{{a.1}}|{{a.9}}|{{o.k-1}}',
                    '{"s": "text", "n": 12.50, "b": true, "z": null, "o": {"k-1": "v"}, "a": [1, "two"]}');
-- what is put in is text, and is not read again
SELECT taskq_render('{{x}}', '{"x": "{{y}} {{upper(y)}} %s $1 \\"}');
SELECT taskq_render('one { two } three }} four {', '{}');
SELECT taskq_render('', '{}') = '' AS empty, taskq_render('{{a}}', '{}') = '' AS nothing;
SELECT taskq_render('no {{placeholder', '{}');
SELECT taskq_render('{{}}', '{}');
SELECT taskq_render('{{ upper(x) }}', '{}');
SELECT taskq_render('äöü {{a..b}}', '{}');
SELECT taskq_render('{{{a}}}', '{"a": 1}');
SELECT taskq_render('{{a b}}', '{}');
SELECT taskq_render('{{99999999999999999999}}', '[1]') = '' AS far_out;
SELECT taskq_render('{{0}}', '"a scalar is no array"') = '' AS scalar;
SELECT length(taskq_render(repeat('{{a}}', 1000), jsonb_build_object('a', repeat('x', 1000))));
-- as the CHECKs of the tables that hold templates have it
SELECT taskq_template_check('{{a}}', 'title_template'), taskq_template_check(NULL, 'title_template'), taskq_template_check('a.b.0', 'user_id_path', true);
SELECT taskq_template_check('{{a', 'title_template');
SELECT taskq_template_check('a b', 'user_id_path', true);
SELECT taskq_template_check('', 'user_id_path', true);
SELECT taskq_template_check(repeat('x', 65537), 'description_template');
DROP EXTENSION taskq;
