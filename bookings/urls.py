from django.urls import path

from . import views

app_name = "bookings"

urlpatterns = [
    # The day and the week of a space
    path("aujourdhui/", views.TodayView.as_view(), name="today"),
    path("agenda/", views.AgendaView.as_view(), name="agenda"),
    # Booking: reason, time, visitor, slip
    path("rendez-vous/nouveau/", views.BookView.as_view(), name="book"),
    path("rendez-vous/", views.AppointmentListView.as_view(), name="appointment_list"),
    path(
        "rendez-vous/<int:pk>/",
        views.AppointmentDetailView.as_view(),
        name="appointment_detail",
    ),
    path(
        "rendez-vous/<int:pk>/convocation.pdf",
        views.appointment_slip,
        name="appointment_slip",
    ),
    path(
        "rendez-vous/<int:pk>/annuler/",
        views.appointment_cancel,
        name="appointment_cancel",
    ),
    path(
        "rendez-vous/<int:pk>/retablir/",
        views.appointment_restore,
        name="appointment_restore",
    ),
    # Visitors
    path("usagers/", views.VisitorListView.as_view(), name="visitor_list"),
    path("usagers/nouveau/", views.VisitorCreateView.as_view(), name="visitor_create"),
    path("usagers/<int:pk>/", views.VisitorDetailView.as_view(), name="visitor_detail"),
    path(
        "usagers/<int:pk>/modifier/",
        views.VisitorUpdateView.as_view(),
        name="visitor_update",
    ),
    # A partner's agent
    path("mon-planning/", views.MyScheduleView.as_view(), name="my_schedule"),
]
