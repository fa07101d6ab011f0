{#
    The end of a model's last select: rows of a partition go to one task, sorted by the columns that the config names as
    lakehouse.clusterBy, so that a table that is built whole has few files, each sorted. An incremental run merges a few
    rows, which Delta places itself; a unit test has no table, and no config of one.
#}
{% macro clustered() -%}
    {%- set properties = config.get('tblproperties') -%}
    {%- if execute and properties and not is_incremental() -%}
        {%- set partition_by = config.get('partition_by') or [] -%}
        {%- set cluster_by = properties['lakehouse.clusterBy'].split(',') -%}
        distribute by {{ partition_by | join(', ') or '1' }} sort by {{ (partition_by + cluster_by) | join(', ') }}
    {%- endif -%}
{%- endmacro %}
