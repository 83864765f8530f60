"""The journal of the audit, the functions that write it, and the triggers that keep everybody else from doing so.

`audit_record()` is the trigger of every watched table; its arguments are those of `partners.audit.triggers.track`. It
and its like run with the rights of their owner, so that the role of the application needs none on the journal but to
read. `audit_forget` and `audit_purge` are the only ways to change or remove a line, and write one that says so.
"""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION audit_reach(way text, watched jsonb) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    step text;
    reached bigint;
BEGIN
    -- Nearly always a column of the row itself, or nothing.
    IF strpos(way, '>') = 0 THEN
        RETURN (watched ->> way)::bigint;
    END IF;
    FOREACH step IN ARRAY string_to_array(way, '>') LOOP
        IF strpos(step, '.') = 0 THEN
            reached := (watched ->> step)::bigint;
        ELSE
            EXECUTE format('SELECT %I FROM %I WHERE id = $1', split_part(step, '.', 2), split_part(step, '.', 1))
                INTO reached USING reached;
        END IF;
    END LOOP;
    RETURN reached;
END
$$;

CREATE FUNCTION audit_who(OUT user_id bigint, OUT origin text, OUT place text, OUT request_id text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    said jsonb := nullif(current_setting('pghistory.context_metadata', true), '')::jsonb;
    program text := current_setting('application_name');
BEGIN
    request_id := '';
    IF said IS NULL THEN
        IF starts_with(program, 'franceservices: ') THEN
            origin := 'command';
            place := substr(program, 17);
        ELSE
            origin := 'outside';
            place := program;
        END IF;
        RETURN;
    END IF;
    user_id := (said ->> 'user')::bigint;
    request_id := coalesce(said ->> 'request', '');
    IF said ? 'task' THEN
        origin := 'task';
        place := said ->> 'task';
    ELSE
        origin := 'request';
        place := coalesce(said ->> 'url', '');
    END IF;
END
$$;

CREATE FUNCTION audit_record() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC' AS $$
DECLARE
    masked CONSTANT text[] := string_to_array(TG_ARGV[2], ',');
    personal CONSTANT text[] := string_to_array(TG_ARGV[4], ',');
    earlier jsonb;
    later jsonb;
    watched jsonb;
    who record;
    secret text;
    name text;
    personal_earlier jsonb;
    personal_later jsonb;
    of_page bigint;
    of_site bigint;
    of_ccas bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        earlier := to_jsonb(OLD) - string_to_array(TG_ARGV[1], ',');
    END IF;
    IF TG_OP <> 'DELETE' THEN
        later := to_jsonb(NEW) - string_to_array(TG_ARGV[1], ',');
    END IF;
    IF TG_OP = 'UPDATE' AND earlier = later THEN
        RETURN NULL;
    END IF;
    watched := coalesce(later, earlier);
    -- Of a secret, that it changed.
    FOREACH secret IN ARRAY masked LOOP
        IF TG_OP = 'UPDATE' AND earlier -> secret IS DISTINCT FROM later -> secret THEN
            earlier := jsonb_set(earlier, ARRAY[secret], '"*"');
            later := jsonb_set(later, ARRAY[secret], '"**"');
        ELSE
            earlier := earlier - secret;
            later := later - secret;
        END IF;
    END LOOP;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(e.key, e.value), jsonb_object_agg(e.key, l.value) INTO earlier, later
        FROM jsonb_each(earlier) e JOIN jsonb_each(later) l ON l.key = e.key
        WHERE e.value <> l.value;
    ELSIF TG_OP = 'INSERT' THEN
        -- What is not said is null; what the row keeps for good is not said twice.
        later := jsonb_strip_nulls(later - string_to_array(TG_ARGV[3], ','));
    ELSE
        earlier := jsonb_strip_nulls(earlier);
    END IF;
    IF earlier ?| personal OR later ?| personal THEN
        FOREACH name IN ARRAY personal LOOP
            IF earlier ? name THEN
                personal_earlier := coalesce(personal_earlier, '{}') || jsonb_build_object(name, earlier -> name);
            END IF;
            IF later ? name THEN
                personal_later := coalesce(personal_later, '{}') || jsonb_build_object(name, later -> name);
            END IF;
        END LOOP;
        earlier := earlier - personal;
        later := later - personal;
    END IF;
    of_page := audit_reach(TG_ARGV[6], watched);
    of_site := audit_reach(TG_ARGV[7], watched);
    of_ccas := audit_reach(TG_ARGV[8], watched);
    who := audit_who();
    IF of_ccas IS NULL AND of_site IS NOT NULL THEN
        SELECT s.ccas_id INTO of_ccas FROM partners_site s WHERE s.id = of_site;
    ELSIF of_ccas IS NULL AND who.user_id IS NOT NULL THEN
        -- What belongs to no body in particular is read where it was done.
        SELECT u.ccas_id INTO of_ccas FROM partners_user u WHERE u.id = who.user_id;
    END IF;
    INSERT INTO partners_auditevent (
        at, action, model, object_id, page_model, page_id, ccas_id, site_id, person_id,
        user_id, origin, place, request_id, database_role, before, after, personal_before, personal_after
    ) VALUES (
        clock_timestamp(), lower(TG_OP), TG_ARGV[0], (watched ->> 'id')::bigint,
        CASE WHEN of_page IS NULL THEN TG_ARGV[0] ELSE TG_ARGV[5] END,
        coalesce(of_page, (watched ->> 'id')::bigint), of_ccas, of_site, audit_reach(TG_ARGV[9], watched),
        who.user_id, who.origin, left(who.place, 200), left(who.request_id, 12), session_user,
        earlier, later, personal_earlier, personal_later
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION audit_note_reading(
    read_model text, read_id bigint, of_person bigint, of_site bigint, of_ccas bigint,
    reader bigint, page text, request text, quiet_seconds integer
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF of_ccas IS NULL THEN
        SELECT s.ccas_id INTO of_ccas FROM partners_site s WHERE s.id = of_site;
    END IF;
    INSERT INTO partners_auditevent (
        at, action, model, object_id, page_model, page_id, ccas_id, site_id, person_id,
        user_id, origin, place, request_id, database_role
    )
    SELECT clock_timestamp(), 'read', read_model, read_id, read_model, read_id, of_ccas, of_site, of_person,
        reader, 'request', left(page, 200), left(request, 12), session_user
    WHERE NOT EXISTS (
        SELECT FROM partners_auditevent e
        WHERE e.user_id = reader AND e.at > clock_timestamp() - make_interval(secs => quiet_seconds)
            AND e.action = 'read' AND e.model = read_model AND e.object_id = read_id AND e.place = left(page, 200)
    );
    RETURN FOUND;
END
$$;

CREATE FUNCTION audit_forget(of_model text, forgotten bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    who record := audit_who();
    blanked bigint;
BEGIN
    PERFORM set_config('franceservices.audit_upkeep', 'forget', true);
    UPDATE partners_auditevent e SET
        personal_before = (SELECT jsonb_object_agg(name, NULL) FROM jsonb_object_keys(e.personal_before) name),
        personal_after = (SELECT jsonb_object_agg(name, NULL) FROM jsonb_object_keys(e.personal_after) name),
        forgotten_at = clock_timestamp()
    WHERE e.person_id = forgotten AND e.forgotten_at IS NULL
        AND (e.personal_before IS NOT NULL OR e.personal_after IS NOT NULL);
    GET DIAGNOSTICS blanked = ROW_COUNT;
    PERFORM set_config('franceservices.audit_upkeep', '', true);
    INSERT INTO partners_auditevent (
        at, action, model, object_id, page_model, page_id, ccas_id, person_id,
        user_id, origin, place, request_id, database_role, after
    ) VALUES (
        clock_timestamp(), 'forget', of_model, forgotten, of_model, forgotten,
        (SELECT e.ccas_id FROM partners_auditevent e WHERE e.person_id = forgotten AND e.ccas_id IS NOT NULL LIMIT 1),
        forgotten, who.user_id, who.origin, left(who.place, 200), left(who.request_id, 12), session_user,
        jsonb_build_object('events', blanked)
    );
    RETURN blanked;
END
$$;

CREATE FUNCTION audit_purge(earlier_than timestamptz) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    who record := audit_who();
    removed bigint;
BEGIN
    IF earlier_than > clock_timestamp() - interval '1 year' THEN
        RAISE EXCEPTION 'the audit is kept for a year at least';
    END IF;
    PERFORM set_config('franceservices.audit_upkeep', 'purge', true);
    DELETE FROM partners_auditevent e WHERE e.at < earlier_than;
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('franceservices.audit_upkeep', '', true);
    IF removed > 0 THEN
        INSERT INTO partners_auditevent (
            at, action, model, object_id, page_model, user_id, origin, place, request_id, database_role, after
        ) VALUES (
            clock_timestamp(), 'purge', 'partners.auditevent', 0, 'partners.auditevent', who.user_id, who.origin,
            left(who.place, 200), left(who.request_id, 12), session_user,
            jsonb_build_object('events', removed, 'earlier_than', earlier_than)
        );
    END IF;
    RETURN removed;
END
$$;

CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    upkeep CONSTANT text := coalesce(current_setting('franceservices.audit_upkeep', true), '');
BEGIN
    IF (TG_OP = 'UPDATE' AND upkeep = 'forget') OR (TG_OP = 'DELETE' AND upkeep = 'purge') THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit is only ever added to'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_is_append_only';
END
$$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON partners_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON partners_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

REVOKE EXECUTE ON FUNCTION audit_record(), audit_reach(text, jsonb), audit_forget(text, bigint),
    audit_purge(timestamptz), audit_note_reading(text, bigint, bigint, bigint, bigint, bigint, text, text, integer)
    FROM PUBLIC;
"""

WITHOUT_FUNCTIONS = """
DROP TRIGGER audit_is_never_emptied ON partners_auditevent;
DROP TRIGGER audit_is_append_only ON partners_auditevent;
DROP FUNCTION audit_refuse_change(), audit_purge(timestamptz), audit_forget(text, bigint), audit_record(), audit_who(),
    audit_reach(text, jsonb),
    audit_note_reading(text, bigint, bigint, bigint, bigint, bigint, text, text, integer);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0005_proconnect"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="le")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("insert", "création"),
                            ("update", "modification"),
                            ("delete", "suppression"),
                            ("read", "consultation"),
                            ("forget", "anonymisation"),
                            ("purge", "fin de conservation"),
                        ],
                        max_length=10,
                        verbose_name="action",
                    ),
                ),
                ("model", models.CharField(max_length=60, verbose_name="objet")),
                ("object_id", models.BigIntegerField(verbose_name="numéro")),
                ("page_model", models.CharField(max_length=60, verbose_name="page")),
                ("page_id", models.BigIntegerField(null=True, verbose_name="numéro de la page")),
                ("person_id", models.BigIntegerField(null=True, verbose_name="usager concerné")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("request", "application"),
                            ("task", "tâche"),
                            ("command", "commande"),
                            ("outside", "hors de l’application"),
                        ],
                        max_length=10,
                        verbose_name="origine",
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="depuis")),
                ("request_id", models.CharField(blank=True, max_length=12, verbose_name="numéro de requête")),
                ("database_role", models.CharField(max_length=63, verbose_name="rôle de base de données")),
                ("before", models.JSONField(null=True, verbose_name="avant")),
                ("after", models.JSONField(null=True, verbose_name="après")),
                ("personal_before", models.JSONField(null=True, verbose_name="avant (données personnelles)")),
                ("personal_after", models.JSONField(null=True, verbose_name="après (données personnelles)")),
                ("forgotten_at", models.DateTimeField(null=True, verbose_name="données personnelles effacées le")),
                (
                    "ccas",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.ccas",
                        verbose_name="CCAS",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.site",
                        verbose_name="espace",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="par",
                    ),
                ),
            ],
            options={
                "verbose_name": "évènement du journal",
                "verbose_name_plural": "évènements du journal",
                "ordering": ["-at", "-pk"],
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["ccas", "-at", "-id"], name="audit_event_ccas_at"),
                    models.Index(fields=["ccas", "model", "-at"], name="audit_event_ccas_model_at"),
                    models.Index(fields=["user", "-at"], name="audit_event_user_at"),
                    models.Index(fields=["page_model", "page_id", "-id"], name="audit_event_page"),
                    models.Index(
                        condition=models.Q(("person_id__isnull", False)),
                        fields=["person_id"],
                        name="audit_event_person",
                    ),
                    models.Index(
                        condition=models.Q(("request_id", ""), _negated=True),
                        fields=["request_id"],
                        name="audit_event_request",
                    ),
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="audit_event_at"),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, WITHOUT_FUNCTIONS),
    ]
