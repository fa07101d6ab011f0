-- Text to values: null where the text is not of the type (design, section 5).

create macro as_int(x) as
    case when regexp_full_match(x, '[+-]?[0-9]+') then try_cast(x as integer) end;

create macro as_money(x) as
    case when regexp_full_match(x, '[+-]?[0-9]+(\.[0-9]{1,2})?') then try_cast(x as decimal(12, 2)) end;

create macro as_flag(x) as
    case lower(x) when 'true' then true when 'false' then false end;

-- Minutes by which the clock that wrote the text is ahead of UTC.
create macro minutes_ahead(x) as
    case when x like '%Z' then 0
         else try_cast(x[-6:-6] || '1' as integer)
              * (try_cast(x[-5:-4] as integer) * 60 + try_cast(x[-2:] as integer)) end;

-- An instant as a timestamp in UTC. The offset is taken off by hand, so that no time zone of the machine counts.
create macro as_instant(x) as
    case when regexp_full_match(
             x, '[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?'
                || '(Z|[+-](0[0-9]|1[0-8]):[0-5][0-9])')
         then try_cast(regexp_replace(x, '(Z|[+-][0-9:]{5})$', '') as timestamp) - to_minutes(minutes_ahead(x)) end;

-- A member of a JSON object, where it is a string and not empty.
create macro member(object, path) as
    case when json_type(object, path) = 'VARCHAR' then nullif(json_extract_string(object, path), '') end;

-- Whether a member that may be empty is a string, null or absent.
create macro string_or_empty(object, path) as
    coalesce(json_type(object, path), 'NULL') in ('VARCHAR', 'NULL');

create macro is_store(x) as regexp_full_match(x, 'S[0-9]{3}');

-- numerator / denominator in millionths, rounded half up (away from zero), in integers alone: DuckDB divides
-- decimals as doubles.
create macro millionths(numerator, denominator) as
    sign(numerator) * ((2 * abs(cast(numerator as hugeint)) * 1000000 + denominator) // (2 * denominator));

create macro ratio(numerator, denominator) as
    case when denominator <> 0
         then cast(cast(millionths(numerator, denominator) as decimal(30, 0)) * 0.000001::decimal(7, 6)
                   as decimal(18, 6)) end;
