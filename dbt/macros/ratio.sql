{#
    numerator / denominator as decimal(18,6), half up; null where the denominator is 0.

    Spark divides decimal(18,2) by decimal(18,0) with 21 decimal places and decimal(18,0) by decimal(18,0) with 19.
    A quotient that is not half a millionth off lies at least 1 / (2,000,000 * denominator) away from it, which is
    more than those places lose for every denominator below 10^12: rounding twice gives what rounding once gives.
#}
{% macro ratio(numerator, denominator) -%}
    cast(round({{ numerator }} / cast(nullif({{ denominator }}, 0) as decimal(18, 0)), 6) as decimal(18, 6))
{%- endmacro %}
