"""Fees, statements and the budget: the part of the floor's map that follows the money."""

from django.urls import path

from .views import budget, statements

urlpatterns = [
    path("conventions/<int:pk>/redevance/", statements.convention_fee, name="convention_fee"),
    path(
        "conventions/<int:pk>/redevance/<slug:period>/<str:year>/emettre/",
        statements.StatementIssueView.as_view(),
        name="statement_issue",
    ),
    path("etats-liquidatifs/", statements.StatementListView.as_view(), name="statement_list"),
    path(
        "etats-liquidatifs/liste.xlsx",
        statements.StatementListView.as_view(as_workbook=True),
        name="statement_list_xlsx",
    ),
    path("etats-liquidatifs/<int:pk>/", statements.statement_detail, name="statement_detail"),
    path("etats-liquidatifs/<int:pk>/etat.pdf", statements.statement_pdf_file, name="statement_pdf"),
    path("etats-liquidatifs/<int:pk>/etat.xlsx", statements.statement_xlsx_file, name="statement_xlsx"),
    path("etats-liquidatifs/<int:pk>/corriger/", statements.statement_correct, name="statement_correct"),
    path("etats-liquidatifs/<int:pk>/titre/", statements.statement_order, name="statement_order"),
    path(
        "etats-liquidatifs/<int:pk>/titre/retirer/",
        statements.statement_clear,
        {"what": "titre"},
        name="statement_order_clear",
    ),
    path("etats-liquidatifs/<int:pk>/paiement/", statements.statement_payment, name="statement_payment"),
    path(
        "etats-liquidatifs/<int:pk>/paiement/retirer/",
        statements.statement_clear,
        {"what": "paiement"},
        name="statement_payment_clear",
    ),
    path("budget/", budget.BudgetView.as_view(), name="budget"),
    path("budget/budget.xlsx", budget.BudgetView.as_view(as_workbook=True), name="budget_xlsx"),
    path("budget/lignes/ajouter/", budget.BudgetLineFormView.as_view(), name="budget_line_add"),
    path("budget/lignes/<int:pk>/", budget.BudgetLineFormView.as_view(), name="budget_line_edit"),
    path("budget/lignes/<int:pk>/supprimer/", budget.budget_line_delete, name="budget_line_delete"),
    path("budget/reprendre/<int:year>/", budget.budget_copy, name="budget_copy"),
]
