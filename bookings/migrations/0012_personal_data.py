"""Rights of the people received: their requests, the register, and the lists by which their data are removed."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# The data of a person leave through one narrow door: the transaction says whose (`franceservices.forgetting`, the number
# of her card), and her card stands in a list that another person than its proposer approved. What the door lets pass is
# said by each trigger that asks: here the emptying of her card, above the emptying of what was sent about her.
DOOR = """
CREATE FUNCTION bookings_may_forget(card bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE card_and_those_it_joined AS (
        SELECT id, merged_into_id FROM bookings_visitor WHERE id = card
        UNION
        SELECT kept.id, kept.merged_into_id
        FROM bookings_visitor AS kept JOIN card_and_those_it_joined AS joined ON joined.merged_into_id = kept.id
    )
    SELECT EXISTS (
        SELECT FROM card_and_those_it_joined AS found
        JOIN bookings_eliminationline AS line ON line.visitor_id = found.id AND line.kept_because = ''
        JOIN bookings_eliminationlist AS list ON list.id = line.list_id
        WHERE list.approved_at IS NOT NULL AND list.withdrawn_at IS NULL
            AND found.id::text = current_setting('franceservices.forgetting', true)
    )
$$;
CREATE FUNCTION bookings_refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.anonymised_at IS NOT NULL THEN
        RAISE EXCEPTION 'an anonymised card is not changed'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'visitor_anonymised_stays', TABLE = TG_TABLE_NAME;
    END IF;
    IF NOT bookings_may_forget(OLD.id) THEN
        RAISE EXCEPTION 'no approved elimination list allows this card to be anonymised'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'visitor_anonymised_by_a_list', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER bookings_visitor_forgotten_by_a_list BEFORE UPDATE ON bookings_visitor
FOR EACH ROW WHEN (OLD.anonymised_at IS NOT NULL OR NEW.anonymised_at IS NOT NULL)
EXECUTE FUNCTION bookings_refuse_forgetting();
"""
NO_DOOR = """
DROP TRIGGER bookings_visitor_forgotten_by_a_list ON bookings_visitor;
DROP FUNCTION bookings_refuse_forgetting();
DROP FUNCTION bookings_may_forget(bigint);
"""

# What another person approved is what is done: nobody is added to an approved list, and nothing that was read changes.
APPROVED = """
CREATE FUNCTION bookings_refuse_approved_elimination() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an approved elimination list is not changed'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'elimination_approved_is_frozen', TABLE = TG_TABLE_NAME;
END
$$;
CREATE FUNCTION bookings_check_elimination_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM bookings_eliminationlist WHERE id = coalesce(NEW.list_id, OLD.list_id) AND approved_at IS NOT NULL)
    THEN
        RAISE EXCEPTION 'an approved elimination list is not changed'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'elimination_approved_is_frozen', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER bookings_elimination_not_changed BEFORE UPDATE ON bookings_eliminationlist
FOR EACH ROW WHEN (
    OLD.approved_at IS NOT NULL AND (
        (OLD.id, OLD.ccas_id, OLD.year, OLD.number, OLD.basis, OLD.rules, OLD.proposed_at, OLD.proposed_by_id, OLD.rehearsed_at)
        IS DISTINCT FROM
        (NEW.id, NEW.ccas_id, NEW.year, NEW.number, NEW.basis, NEW.rules, NEW.proposed_at, NEW.proposed_by_id, NEW.rehearsed_at)
        OR OLD.launched_at IS NOT NULL AND (OLD.approved_at, OLD.approved_by_id, OLD.launched_at, OLD.launched_by_id)
            IS DISTINCT FROM (NEW.approved_at, NEW.approved_by_id, NEW.launched_at, NEW.launched_by_id)
    )
) EXECUTE FUNCTION bookings_refuse_approved_elimination();
CREATE TRIGGER bookings_elimination_not_deleted BEFORE DELETE ON bookings_eliminationlist
FOR EACH ROW WHEN (OLD.approved_at IS NOT NULL) EXECUTE FUNCTION bookings_refuse_approved_elimination();
CREATE TRIGGER bookings_elimination_line_not_added BEFORE INSERT OR DELETE ON bookings_eliminationline
FOR EACH ROW EXECUTE FUNCTION bookings_check_elimination_line();
CREATE TRIGGER bookings_elimination_line_not_changed BEFORE UPDATE ON bookings_eliminationline
FOR EACH ROW WHEN (
    (OLD.id, OLD.list_id, OLD.visitor_id, OLD.position, OLD.last_contact_on, OLD.counts)
    IS DISTINCT FROM (NEW.id, NEW.list_id, NEW.visitor_id, NEW.position, NEW.last_contact_on, NEW.counts)
    OR (OLD.done_at IS NOT NULL AND (OLD.done_at, OLD.emptied) IS DISTINCT FROM (NEW.done_at, NEW.emptied))
    OR (OLD.kept_because <> '' AND OLD.kept_because <> NEW.kept_because)
) EXECUTE FUNCTION bookings_check_elimination_line();
"""
NOT_APPROVED = """
DROP TRIGGER bookings_elimination_line_not_changed ON bookings_eliminationline;
DROP TRIGGER bookings_elimination_line_not_added ON bookings_eliminationline;
DROP TRIGGER bookings_elimination_not_deleted ON bookings_eliminationlist;
DROP TRIGGER bookings_elimination_not_changed ON bookings_eliminationlist;
DROP FUNCTION bookings_check_elimination_line();
DROP FUNCTION bookings_refuse_approved_elimination();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0011_visit_corrections"),
        ("partners", "0005_proconnect"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "Accès à ses données"),
                            ("rectification", "Rectification"),
                            ("no_messages", "Opposition aux messages"),
                            ("no_linked_export", "Opposition à l’usage statistique de sa fiche"),
                            ("no_keeping", "Opposition à la conservation"),
                        ],
                        max_length=20,
                        verbose_name="droit",
                    ),
                ),
                ("received_on", models.DateField(verbose_name="reçue le")),
                ("due_on", models.DateField(verbose_name="réponse due le")),
                (
                    "asked_by",
                    models.CharField(
                        blank=True,
                        help_text="Laissez vide si c’est la personne elle-même ; sinon qui la représente, et à quel titre.",
                        max_length=150,
                        verbose_name="demandée par",
                    ),
                ),
                ("details", models.TextField(blank=True, max_length=2000, verbose_name="ce qui est demandé")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="saisie le")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="réponse le")),
                ("is_granted", models.BooleanField(null=True, verbose_name="acceptée")),
                ("answer", models.TextField(blank=True, max_length=2000, verbose_name="réponse")),
                ("effect", models.JSONField(default=dict, verbose_name="valeurs d’avant")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="retirée le")),
            ],
            options={
                "verbose_name": "demande d’exercice de droits",
                "verbose_name_plural": "demandes d’exercice de droits",
                "ordering": ["-received_on", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="EliminationLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(verbose_name="rang")),
                ("last_contact_on", models.DateField(verbose_name="dernier contact")),
                ("counts", models.JSONField(default=dict, verbose_name="lignes à vider")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="anonymisée le")),
                ("emptied", models.JSONField(default=dict, verbose_name="lignes vidées")),
                ("kept_because", models.CharField(blank=True, max_length=200, verbose_name="gardée parce que")),
            ],
            options={
                "verbose_name": "ligne d’une liste d’élimination",
                "verbose_name_plural": "lignes d’une liste d’élimination",
                "ordering": ["list", "position"],
            },
        ),
        migrations.CreateModel(
            name="EliminationList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="année")),
                (
                    "number",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)], verbose_name="numéro"
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("retention", "Durée de conservation échue"),
                            ("objection", "Opposition de la personne à la conservation"),
                        ],
                        default="retention",
                        max_length=20,
                        verbose_name="motif",
                    ),
                ),
                ("rules", models.JSONField(default=list, verbose_name="durées appliquées")),
                ("proposed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="proposée le")),
                ("rehearsed_at", models.DateTimeField(blank=True, null=True, verbose_name="essayée à blanc le")),
                ("traces", models.JSONField(default=list, verbose_name="encore cités ailleurs")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approuvée le")),
                ("launched_at", models.DateTimeField(blank=True, null=True, verbose_name="lancée le")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="reprises")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="terminée le")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="abandonnée le")),
            ],
            options={
                "verbose_name": "liste d’élimination",
                "verbose_name_plural": "listes d’élimination",
                "ordering": ["-year", "-number"],
            },
        ),
        migrations.CreateModel(
            name="RegisterText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80, verbose_name="rubrique")),
                ("text", models.TextField(blank=True, max_length=4000, verbose_name="texte")),
                ("written_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="écrit le")),
            ],
            options={
                "verbose_name": "texte du registre",
                "verbose_name_plural": "textes du registre",
                "ordering": ["-written_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "months",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(6),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="conservation après le dernier contact (mois)",
                    ),
                ),
                ("changed_at", models.DateTimeField(verbose_name="changée le")),
            ],
            options={
                "verbose_name": "durée de conservation",
                "verbose_name_plural": "durées de conservation",
            },
        ),
        migrations.AddField(
            model_name="visitor",
            name="anonymised_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="anonymisée le"),
        ),
        migrations.AddField(
            model_name="visitor",
            name="corrected_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="corrigée le"),
        ),
        migrations.AddField(
            model_name="visitor",
            name="is_unlinked_in_exports",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="sans numéro de fiche dans les exports"
            ),
        ),
        migrations.AddConstraint(
            model_name="visitor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("anonymised_at", None),
                    models.Q(
                        ("birth_date", None),
                        ("email", ""),
                        ("email_consent", False),
                        ("first_name", ""),
                        ("interpreter_language", ""),
                        ("last_name", ""),
                        ("needs_wheelchair_access", False),
                        ("phone", ""),
                        ("phone_only", False),
                        ("sms_consent", False),
                        ("staff_notes", ""),
                    ),
                    _connector="OR",
                ),
                name="visitor_anonymised_is_empty",
            ),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="réponse de",
            ),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="saisie par",
            ),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="data_requests",
                to="partners.site",
                verbose_name="espace",
            ),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="visitor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="data_requests",
                to="bookings.visitor",
                verbose_name="usager",
            ),
        ),
        migrations.AddField(
            model_name="datarequest",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="retirée par",
            ),
        ),
        migrations.AddField(
            model_name="eliminationline",
            name="visitor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="elimination_lines",
                to="bookings.visitor",
                verbose_name="usager",
            ),
        ),
        migrations.AddField(
            model_name="eliminationlist",
            name="approved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approuvée par",
            ),
        ),
        migrations.AddField(
            model_name="eliminationlist",
            name="ccas",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="elimination_lists",
                to="partners.ccas",
                verbose_name="CCAS",
            ),
        ),
        migrations.AddField(
            model_name="eliminationlist",
            name="launched_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="lancée par",
            ),
        ),
        migrations.AddField(
            model_name="eliminationlist",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="proposée par",
            ),
        ),
        migrations.AddField(
            model_name="eliminationlist",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="abandonnée par",
            ),
        ),
        migrations.AddField(
            model_name="eliminationline",
            name="list",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="bookings.eliminationlist",
                verbose_name="liste",
            ),
        ),
        migrations.AddField(
            model_name="registertext",
            name="ccas",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="register_texts",
                to="partners.ccas",
                verbose_name="CCAS",
            ),
        ),
        migrations.AddField(
            model_name="registertext",
            name="written_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="écrit par",
            ),
        ),
        migrations.AddField(
            model_name="retentionrule",
            name="changed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="changée par",
            ),
        ),
        migrations.AddField(
            model_name="retentionrule",
            name="site",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="retention_rule",
                to="partners.site",
                verbose_name="espace",
            ),
        ),
        migrations.AddIndex(
            model_name="datarequest",
            index=models.Index(
                condition=models.Q(("answered_at", None), ("withdrawn_at", None)),
                fields=["due_on"],
                name="data_request_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("answered_by", None)),
                    models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                    _connector="OR",
                ),
                name="data_request_answered_when_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at", None), ("withdrawn_by", None)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="data_request_withdrawn_when_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("is_granted", None)),
                    models.Q(("answered_at__isnull", False), ("is_granted__isnull", False)),
                    _connector="OR",
                ),
                name="data_request_answered_yes_or_no",
            ),
        ),
        migrations.AddConstraint(
            model_name="datarequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_on__gt", models.F("received_on"))), name="data_request_due_after_received"
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.UniqueConstraint(fields=("ccas", "year", "number"), name="elimination_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="elimination_number_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at", None), ("approved_by", None)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="elimination_approved_when_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("launched_at", None), ("launched_by", None)),
                    models.Q(("launched_at__isnull", False), ("launched_by__isnull", False)),
                    _connector="OR",
                ),
                name="elimination_launched_when_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at", None), ("withdrawn_by", None)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="elimination_withdrawn_when_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="elimination_approved_by_another",
                violation_error_message="Une autre personne que celle qui a proposé la liste doit l’approuver.",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_at", None), ("rehearsed_at__isnull", False), _connector="OR"),
                name="elimination_rehearsed_before_approved",
                violation_error_message="L’essai à blanc précède l’approbation.",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("launched_at", None),
                    models.Q(("approved_at__isnull", False), ("withdrawn_at", None)),
                    _connector="OR",
                ),
                name="elimination_approved_before_launched",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(("finished_at", None), ("launched_at__isnull", False), _connector="OR"),
                name="elimination_launched_before_finished",
            ),
        ),
        migrations.AddConstraint(
            model_name="eliminationline",
            constraint=models.UniqueConstraint(fields=("list", "visitor"), name="elimination_line_once"),
        ),
        migrations.AddConstraint(
            model_name="eliminationline",
            constraint=models.UniqueConstraint(fields=("list", "position"), name="elimination_line_position_once"),
        ),
        migrations.AddConstraint(
            model_name="eliminationline",
            constraint=models.CheckConstraint(
                condition=models.Q(("done_at", None), ("kept_because", ""), _connector="OR"),
                name="elimination_line_done_or_kept",
            ),
        ),
        migrations.AddIndex(
            model_name="registertext",
            index=models.Index(fields=["ccas", "key", "-written_at"], name="register_text_latest"),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__gte", 6), ("months__lte", 60)),
                name="retention_rule_within_bounds",
                violation_error_message="La durée de conservation est comprise entre 6 et 60 mois.",
            ),
        ),
        migrations.RunSQL(DOOR, NO_DOOR),
        migrations.RunSQL(APPROVED, NOT_APPROVED),
    ]
