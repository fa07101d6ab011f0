{#
    What an incremental run of a mart recomputes.

    The var `changed` has, by the name of a mart, a view of the Spark session with its changed keys (`view`), and the
    ranges of literals that hold them, by key column (`bounds`): Delta and Spark skip files by literals, and not for
    `key in (select …)`. Without it, in a run by hand, a mart with the key `dt` recomputes the last `lookback_days` days
    and those after them, counted back from its newest day, or from today where that is earlier, so that no date ahead
    hides the days before; any other mart recomputes everything.
#}

{# The condition for the rows of a source that reach a changed key. columns: expressions by key, where they differ. #}
{% macro in_changed(columns={}) -%}
    {%- set changed = var('changed', {}).get(this.identifier) -%}
    {%- set expressions = {} -%}
    {%- for key in mart_keys() if not columns or key in columns -%}
        {%- do expressions.update({key: columns.get(key, key)}) -%}
    {%- endfor -%}
    {{ in_bounds(expressions) }}
    {%- if changed %}
        and ({{ expressions.values() | join(', ') }}) in (
            select {{ changed.hint }} {{ expressions.keys() | join(', ') }} from {{ changed.view }} as changed
        )
    {%- endif -%}
{%- endmacro %}


{# The condition, in literals, that holds for every changed key. alias: of the table, with its dot. #}
{% macro in_bounds(expressions, alias='') -%}
    {%- set conditions = [] -%}
    {%- for key, ranges in changed_bounds().items() if key in expressions -%}
        {%- do conditions.append(in_ranges(alias ~ expressions[key], ranges)) -%}
    {%- endfor -%}
    {{ conditions | join(' and ') or '1 = 1' }}
{%- endmacro %}


{# The condition that days lie between the first and the last changed value of a key, and so many days after it. #}
{% macro within_changed(column, key, days=0) -%}
    {%- set ranges = changed_bounds().get(key, []) -%}
    {%- set conditions = [] -%}
    {%- for range in ranges -%}
        {%- do conditions.append(
            column ~ ' between ' ~ range[0] ~ ' and date_add(' ~ range[1] ~ ', ' ~ days ~ ')'
        ) -%}
    {%- endfor -%}
    ({{ conditions | join(' or ') or '1 = 1' }})
{%- endmacro %}


{# Ranges by key; of a mart of which no key changed, one that holds nothing. #}
{% macro changed_bounds() -%}
    {%- set changed = var('changed', {}).get(this.identifier) -%}
    {%- if changed and not changed.bounds -%}
        {%- do return({mart_keys()[0]: [['null', 'null']]} if not changed.number else {}) -%}
    {%- elif changed -%}
        {%- do return(changed.bounds) -%}
    {%- elif 'dt' in mart_keys() and execute -%}
        {%- set newest -%}
            select cast(date_sub(least(max(dt), current_date()), {{ var('lookback_days') }} - 1) as string) from {{ this }}
        {%- endset -%}
        {%- set day = run_query(newest).rows[0][0] -%}
        {%- do return({'dt': [["date'" ~ day ~ "'", "date'9999-12-31'"]]} if day else {}) -%}
    {%- endif -%}
    {%- do return({}) -%}
{%- endmacro %}


{% macro in_ranges(column, ranges) -%}
    {%- set single = [] -%}
    {%- set parts = [] -%}
    {%- for range in ranges -%}
        {%- if range[0] == range[1] -%}
            {%- do single.append(range[0]) -%}
        {%- else -%}
            {%- do parts.append(column ~ ' between ' ~ range[0] ~ ' and ' ~ range[1]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if single -%}
        {%- do parts.append(column ~ ' in (' ~ single | join(', ') ~ ')') -%}
    {%- endif -%}
    ({{ parts | join(' or ') }})
{%- endmacro %}


{# The grain of the model at hand. #}
{% macro mart_keys() -%}
    {%- set keys = config.get('unique_key') or [] -%}
    {%- do return([keys] if keys is string else keys) -%}
{%- endmacro %}
