"""Advice from before keeps the athlete's words as they were.

One statement in a migration of its own: it locks rows, and nobody who reads has to wait for it. On the way back words
that were kept return to their columns; what was said in keys since then is named by its keys.
"""

from django.db import migrations

KEEP = {
    "postgresql": """
        UPDATE recommendations_advice SET said = jsonb_build_object(
            'headline', jsonb_build_object('text', headline),
            'detail', CASE WHEN detail = '' THEN '[]'::jsonb
                           ELSE jsonb_build_array(jsonb_build_object('text', detail)) END,
            'reasons', reasons,
            'would_change_if', (SELECT coalesce(jsonb_agg(one), '[]'::jsonb) FROM jsonb_array_elements(would_change_if) one
                                WHERE coalesce(one ->> 'text', '') <> ''))""",
    "sqlite": """
        UPDATE recommendations_advice SET said = json_object(
            'headline', json_object('text', headline),
            'detail', CASE WHEN detail = '' THEN json_array() ELSE json_array(json_object('text', detail)) END,
            'reasons', json(reasons),
            'would_change_if', (SELECT json_group_array(json(one.value)) FROM json_each(would_change_if) one
                                WHERE coalesce(json_extract(one.value, '$.text'), '') <> ''))""",
}
SQLITE_CODE = """coalesce(json_extract(one.value, '$.code'),
                             substr(json_extract(one.value, '$.key'), 1, instr(json_extract(one.value, '$.key') || '.', '.') - 1))"""
GIVE_BACK = {
    "postgresql": """
        UPDATE recommendations_advice SET
            headline = coalesce(said #>> '{headline,text}',
                                replace(replace(said #>> '{headline,key}', 'headline.', ''), '_', ' '), ''),
            detail = coalesce((SELECT string_agg(one ->> 'text', ' ') FROM jsonb_array_elements(said -> 'detail') one), ''),
            reasons = coalesce((SELECT jsonb_agg(CASE WHEN one ? 'text' THEN one ELSE
                '{"value": null, "unit": "", "range": null}'::jsonb || (one - 'key' - 'numbers') || jsonb_build_object(
                    'code', coalesce(one ->> 'code', split_part(one ->> 'key', '.', 1)),
                    'text', replace(coalesce(one ->> 'code', split_part(one ->> 'key', '.', 1)), '_', ' ')) END)
                FROM jsonb_array_elements(said -> 'reasons') one), '[]'::jsonb),
            would_change_if = coalesce((SELECT jsonb_agg(one) FROM jsonb_array_elements(said -> 'would_change_if') one
                WHERE one ? 'text'), '[]'::jsonb)""",
    "sqlite": """
        UPDATE recommendations_advice SET
            headline = coalesce(json_extract(said, '$.headline.text'),
                                replace(replace(json_extract(said, '$.headline.key'), 'headline.', ''), '_', ' '), ''),
            detail = coalesce((SELECT group_concat(json_extract(one.value, '$.text'), ' ')
                               FROM json_each(said, '$.detail') one), ''),
            reasons = (SELECT json_group_array(json(CASE WHEN json_extract(one.value, '$.text') IS NOT NULL THEN one.value
                ELSE json_object(
                    'code', {code}, 'text', replace({code}, '_', ' '),
                    'value', json_extract(one.value, '$.value'),
                    'unit', coalesce(json_extract(one.value, '$.unit'), ''),
                    'range', json(coalesce(json_extract(one.value, '$.range'), 'null'))) END))
                FROM json_each(said, '$.reasons') one),
            would_change_if = (SELECT json_group_array(json(one.value)) FROM json_each(said, '$.would_change_if') one
                WHERE json_extract(one.value, '$.text') IS NOT NULL)""".replace("{code}", SQLITE_CODE),
}


def run(statements):
    def by_vendor(apps, schema_editor):
        schema_editor.connection.cursor().execute(statements[schema_editor.connection.vendor])

    return by_vendor


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0011_said_in_codes")]

    operations = [migrations.RunPython(run(KEEP), run(GIVE_BACK))]
