
-- ---------------------------------------------------------------------------
-- Templates: text with placeholders for what a payload holds
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_render(template text, payload jsonb) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'taskq_render';
COMMENT ON FUNCTION taskq_render(text, jsonb) IS
'The template with each {{path}} replaced by what the payload holds there: keys and array positions (from 0) joined by dots, {{new.customer.name}} or {{lines.0.amount}}. Text as it is, numbers and booleans as JSON writes them, objects and arrays as JSON, nothing for null and for a path that leads nowhere. What is put in is never looked at for placeholders again. Errors: 22023 for a template that is none, saying where.';

CREATE FUNCTION taskq_template_check(template text, column_name text, is_path boolean DEFAULT false) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'taskq_template_check';
COMMENT ON FUNCTION taskq_template_check(text, text, boolean) IS
'True for a template (with is_path: for a bare path) of at most 65,536 characters, and for NULL. For CHECKs. Errors: 23514 naming the column and saying what is wrong where.';
