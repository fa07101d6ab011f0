{#
    The versions of products, each with the time for which it counts, from `counts_from` (null: since ever) to `counts_to`
    (null: until now). A product's first version also counts before it, for a product has no beginning.
#}
{% macro product_times(products) -%}
    select
        product_id,
        category,
        unit_cost,
        case when valid_from > min(valid_from) over (partition by product_id) then valid_from end as counts_from,
        valid_to as counts_to
    from {{ products }}
{%- endmacro %}

{# Whether a row of `product_times` is the version of a line's product at the time of its order. #}
{% macro product_holds_for(lines) -%}
    {{ lines }}.product_id = product_times.product_id
        and (product_times.counts_from is null or {{ lines }}.ordered_at >= product_times.counts_from)
        and (product_times.counts_to is null or {{ lines }}.ordered_at < product_times.counts_to)
{%- endmacro %}
