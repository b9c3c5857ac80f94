"""评价与回访的门: addresses of this wing's pages. What each shows stands in `web_*.py`."""

from __future__ import annotations

from django.urls import path

from qinqing.evaluation import web_calls, web_month, web_ratings, web_reviews

urlpatterns = [
    path("follow-up/", web_month.present_month, name="follow_up"),
    path("follow-up/<str:month>/", web_month.month, name="month"),
    path("follow-up/<str:month>/draw/", web_month.draw, name="draw"),
    path("follow-up/<str:month>/calls/", web_calls.next_one, name="next_call"),
    path("follow-up/<str:month>/calls/<str:number>/", web_calls.call, name="call"),
    path("follow-up/<str:month>/calls/<str:number>/phone/", web_calls.phone, name="call_phone"),
    path("follow-up/<str:month>/calls/<str:number>/decision/", web_calls.decide, name="call_decision"),
    path("follow-up/<str:month>/review/", web_reviews.record, name="review_new"),
    path("follow-up/<str:month>/review/<int:review_id>/", web_reviews.review, name="review"),
    path("follow-up/<str:month>/review/<int:review_id>/decision/", web_reviews.decide, name="review_decision"),
    path("ratings/", web_ratings.ratings, name="ratings"),
]
