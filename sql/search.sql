
-- ---------------------------------------------------------------------------
-- Search
-- ---------------------------------------------------------------------------

CREATE FUNCTION taskq_fold(value text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'taskq_fold';
COMMENT ON FUNCTION taskq_fold(text) IS
'A text as a search compares it. In a UTF8 database: decomposed (NFD), without accents, points and vowel signs that may be left out (combining diacritical marks, Hebrew points, Arabic harakat and hamza) and without what cannot be seen (soft hyphen, joiners, directional marks); its letters in lower case by Unicode''s case folding, whatever the locale; composed again (NFC). Besides: sharp s becomes ss, the ligatures ae and oe two letters, o, d, l, h and t with a stroke those letters, dotless i and I with a dot i. In other encodings: lower(), and no more.';

CREATE FUNCTION taskq_search_text(title text, description text) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'taskq_search_text';
COMMENT ON FUNCTION taskq_search_text(text, text) IS
'The text in which a search looks for words: taskq_fold() of the title and, unless it is NULL, of the description, on lines of their own. For an index: USING gin (taskq_search_text(title, description) gin_trgm_ops).';

CREATE FUNCTION taskq_search_may_find(title text, description text, word text) RETURNS boolean
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 2
    AS 'MODULE_PATHNAME', 'taskq_search_may_find';
COMMENT ON FUNCTION taskq_search_may_find(text, text, text) IS
'False only if taskq_search_text(title, description) certainly does not contain the word, which is as taskq_fold() makes it; in a fraction of the time. A page with search asks it first. NULL without a word.';
