-- The working copy: disposable, rebuilt from the log. No keys and no indexes: what is large is only appended to or
-- rewritten sorted. Every *_base lies sorted by subject and time; *_tail holds what came since. `ts` is UTC.
-- `node` is the number of the key that a row came in under, `person` the human whose key that is as far as we know.

CREATE TABLE meta (key VARCHAR, value VARCHAR);

CREATE TABLE event_name (code INTEGER, name VARCHAR);

CREATE TABLE event_base (person INTEGER, account INTEGER, ts TIMESTAMP, code INTEGER, revenue BIGINT, props VARCHAR, seq BIGINT, id UUID, node INTEGER);
CREATE TABLE event_tail (person INTEGER, account INTEGER, ts TIMESTAMP, code INTEGER, revenue BIGINT, props VARCHAR, seq BIGINT, id UUID, node INTEGER);
CREATE VIEW event AS FROM event_base UNION ALL FROM event_tail;

-- How many events of a name each source brought in each hour (UTC), the first of them and the last: volumes are read off here
-- (metrics/volume.py), whatever the events' number. The tail has a row for each batch that brought some.
CREATE TABLE tally_base (code INTEGER, source VARCHAR, hour TIMESTAMP, n BIGINT, first TIMESTAMP, last TIMESTAMP);
CREATE TABLE tally_tail (code INTEGER, source VARCHAR, hour TIMESTAMP, n BIGINT, first TIMESTAMP, last TIMESTAMP);
CREATE VIEW tally AS
    SELECT code, source, hour, sum(n)::BIGINT AS n, min(first) AS first, max(last) AS last
    FROM (FROM tally_base UNION ALL FROM tally_tail) GROUP BY ALL;

CREATE TABLE trait_base (person INTEGER, name VARCHAR, value VARCHAR, ts TIMESTAMP, seq BIGINT, node INTEGER, source VARCHAR);
CREATE TABLE trait_tail (person INTEGER, name VARCHAR, value VARCHAR, ts TIMESTAMP, seq BIGINT, node INTEGER, source VARCHAR);
CREATE VIEW trait AS FROM trait_base UNION ALL FROM trait_tail;

-- What `group` calls say of accounts.
CREATE TABLE account_trait (account INTEGER, name VARCHAR, value VARCHAR, ts TIMESTAMP, seq BIGINT, node INTEGER, source VARCHAR);

-- What the workspace has settled about traits (people/traits.py), as rules were last folded with it: how much each source
-- counts for a trait ('' for all that have no rows of their own; 0 where there is none), and which traits are numbers.
CREATE TABLE standing (trait VARCHAR, source VARCHAR, rank INTEGER);
CREATE TABLE declared (trait VARCHAR);

-- A text that spells a number is that number, where a trait is declared one; all else stays as it was said.
CREATE MACRO as_number(x) AS CASE
    WHEN regexp_full_match(x, '"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?"') THEN x[2:-2] ELSE x END;

-- Traits as rules read them, with how much the word of their source counts (engine/standing.py).
CREATE MACRO rank_of(name, own, every) AS CASE
    WHEN NOT starts_with(name, 'trait.') THEN 0
    WHEN name IN (SELECT trait FROM standing) THEN coalesce(own, 0) ELSE coalesce(every, 0) END;
CREATE MACRO read_as(name, value) AS CASE WHEN name IN (SELECT trait FROM declared) THEN as_number(value) ELSE value END;
CREATE VIEW said AS
    SELECT trait.* REPLACE (read_as(name, value) AS value), rank_of(name, own.rank, every.rank) AS rank FROM trait
    LEFT JOIN standing own ON own.trait = trait.name AND own.source = trait.source
    LEFT JOIN standing every ON every.trait = '' AND every.source = trait.source;
CREATE VIEW account_said AS
    SELECT account_trait.* REPLACE (read_as(name, value) AS value), rank_of(name, own.rank, every.rank) AS rank FROM account_trait
    LEFT JOIN standing own ON own.trait = account_trait.name AND own.source = account_trait.source
    LEFT JOIN standing every ON every.trait = '' AND every.source = account_trait.source;

-- What customers are found by (people/search.py): folded words, each under the key it was said of. Sorted by word, so that
-- all with one beginning lie together; the same row may stand twice in the tail.
CREATE TABLE search_base (word VARCHAR, node INTEGER, kind TINYINT);
CREATE TABLE search_tail (word VARCHAR, node INTEGER, kind TINYINT);
CREATE VIEW search AS FROM search_base UNION ALL FROM search_tail;

-- Ids are handed out rising, so appending keeps both sorted; birth is the first event of any kind.
CREATE TABLE person (person INTEGER, key VARCHAR, birth TIMESTAMP);
CREATE TABLE account (account INTEGER, key VARCHAR, birth TIMESTAMP);

-- Who is who (people/graph.py), made of the log's rows: every key and its first event, which two keys a source said are one person's (when
-- first, and in which event), what people decided about two keys, and the keys whose person has another number.
CREATE TABLE node (node INTEGER, key VARCHAR, birth TIMESTAMP);
CREATE TABLE claim (one INTEGER, other INTEGER, source VARCHAR, ts TIMESTAMP, seq BIGINT);
CREATE TABLE ruling (seq BIGINT, act VARCHAR, one INTEGER, other INTEGER, who VARCHAR, why VARCHAR, ts TIMESTAMP);
CREATE TABLE merged (node INTEGER, person INTEGER);

-- What was answered about being reached (people/answers.py), one row a channel and purpose; the proof stands in the event.
-- What holds is worked out of it into the traits `consent.…`.
CREATE TABLE consent (node INTEGER, channel VARCHAR, purpose VARCHAR, status VARCHAR, history BOOLEAN, ts TIMESTAMP, seq BIGINT, source VARCHAR, via VARCHAR);

-- Persons with events that are not folded yet: written with the events, deleted with the new intervals. What came in as
-- history triggers nothing.
CREATE TABLE touched (person INTEGER, history BOOLEAN);

-- A refolded subject's rows in the base are void: the tail holds all its intervals of that version.
CREATE TABLE interval_base (version INTEGER, subject INTEGER, start TIMESTAMP, stop TIMESTAMP, value SMALLINT, life SMALLINT);
CREATE TABLE interval_tail (version INTEGER, subject INTEGER, start TIMESTAMP, stop TIMESTAMP, value SMALLINT, life SMALLINT);
-- What a draft would give, under a version below zero, while it is looked at.
CREATE TABLE interval_draft (version INTEGER, subject INTEGER, start TIMESTAMP, stop TIMESTAMP, value SMALLINT, life SMALLINT);
CREATE TABLE refolded (version INTEGER, subject INTEGER);
CREATE VIEW intervals AS
    SELECT * FROM interval_base ANTI JOIN refolded USING (version, subject)
    UNION ALL FROM interval_tail
    UNION ALL FROM interval_draft;

-- One row for each change of the present, in the order in which it was found; cause is the event's seq, NULL for time's
-- passing. A restated row says that the past reads differently now: nothing acts on it.
CREATE TABLE transition (
    seq BIGINT, version INTEGER, subject INTEGER, from_value SMALLINT, to_value SMALLINT, ts TIMESTAMP, restated BOOLEAN, cause BIGINT
);
CREATE TABLE due (ts TIMESTAMP, version INTEGER, subject INTEGER);

-- Whether a value of JSON is a number.
CREATE MACRO numeric_type(x) AS json_type(x) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE');

-- Words for searching: without accents and capitals; the words of a name; a plain address from each of its parts on; the digits
-- of a phone number as it was written, without what is dialled before a country's code.
CREATE MACRO plain_of(x) AS trim(replace(replace(replace(replace(replace(
    lower(strip_accents(x)), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), 'ø', 'o'), 'ł', 'l'));
CREATE MACRO words_of(x) AS string_split_regex(plain_of(x), '[^\pL\pN]+');
CREATE MACRO parts_of(x) AS list_transform(
    list_filter(range(1, length(x) + 1), lambda i: i = 1 OR (x[i - 1] IN ('@', '.', '_', '-', '+') AND contains(x[i:], '.'))),
    lambda i: x[i:]);
CREATE MACRO digits_of(x) AS regexp_replace(regexp_replace(replace(x, '(0)', ''), '[^0-9]', '', 'g'), '^00', '');

-- Numbers of rules are exact: whole millionths, NULL for what is no number below 10^12.
CREATE MACRO millionths(x) AS CASE WHEN numeric_type(x) THEN CAST(CAST(TRY_CAST(x AS DECIMAL(18, 6)) AS DECIMAL(38, 6)) * 1000000 AS BIGINT) END;
-- One text for each value: 1 and 1.0 are the same, 1 and "1" are not.
CREATE MACRO identity(x) AS CASE
    WHEN json_type(x) <> 'DOUBLE' THEN CAST(x AS VARCHAR)
    WHEN CAST(x AS DOUBLE) = trunc(CAST(x AS DOUBLE))
        THEN coalesce(CAST(TRY_CAST(CAST(x AS DOUBLE) AS BIGINT) AS VARCHAR), CAST(CAST(x AS DOUBLE) AS VARCHAR))
    ELSE CAST(CAST(x AS DOUBLE) AS VARCHAR) END;
